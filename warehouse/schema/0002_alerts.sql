-- Every revision of every alert.
CREATE TABLE IF NOT EXISTS alerts
(
    alert_id        String,
    revision        UInt32,
    rule            LowCardinality(String),
    step            LowCardinality(String),
    version         UInt32,
    book            LowCardinality(String),
    subject         String,
    stream          LowCardinality(String),
    state           LowCardinality(String)          COMMENT 'open | ended | withdrawn | contested',
    ended_at        Nullable(DateTime64(6, 'UTC')),
    severity        LowCardinality(String)          COMMENT 'notice | yellow_card | red_card',
    reason          LowCardinality(String),
    at              DateTime64(6, 'UTC')            COMMENT 'event time at which the rule was broken',
    due_date        Nullable(Date),
    due_at          Nullable(DateTime64(6, 'UTC')),
    provisional     Bool,
    settled         Bool,
    occasion_source LowCardinality(String),
    occasion_id     String,
    department      LowCardinality(String),
    responsible     LowCardinality(String),
    region          LowCardinality(String),
    item            LowCardinality(String),
    actor           String                          COMMENT 'keyed hash',
    `group`         String,
    value           Nullable(Float64),
    threshold       Nullable(Float64),
    params          Map(String, String),
    message_zh      String CODEC(ZSTD(3)),
    message_en      String CODEC(ZSTD(3)),
    evidence        Array(Tuple(source String, id String, recorded_at DateTime64(6, 'UTC'), hash String)),
    evidence_total  UInt32
)
ENGINE = ReplacingMergeTree
ORDER BY (alert_id, revision)
SETTINGS non_replicated_deduplication_window = 10000;

-- The last revision of each alert; read with FINAL.
CREATE TABLE IF NOT EXISTS alert_current AS alerts
ENGINE = ReplacingMergeTree(revision)
ORDER BY alert_id
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS alert_current_landing TO alert_current AS SELECT * FROM alerts;

-- What people do with an alert.
CREATE TABLE IF NOT EXISTS alert_actions
(
    action_id       String,
    alert_id        String,
    revision        UInt32                          COMMENT 'the revision that the person saw',
    action          LowCardinality(String),
    actor           String                          COMMENT 'keyed hash',
    at              DateTime64(6, 'UTC'),
    note            String,
    payload         String CODEC(ZSTD(3))           COMMENT 'the action as it was sent, JSON'
)
ENGINE = ReplacingMergeTree
ORDER BY (alert_id, at, action_id)
SETTINGS non_replicated_deduplication_window = 10000;
