-- Every version of every event as it was known: landed once, never changed. The day leads the sort key, so that a
-- night reads one day. `seniority` is high for an early receipt: of equal versions the first one received speaks.
CREATE TABLE IF NOT EXISTS event_versions
(
    day             Date                    COMMENT 'local day (Asia/Shanghai) of occurred_at; of recorded_at for a deletion without a time',
    stream          LowCardinality(String)  COMMENT 'service | inspection',
    type            LowCardinality(String),
    subject         String,
    source          LowCardinality(String),
    id              String,
    occurred_at     DateTime64(6, 'UTC')    COMMENT '1970-01-01 for a deletion that names no time',
    recorded_at     DateTime64(6, 'UTC'),
    received_at     DateTime64(6, 'UTC'),
    operation       Enum8('i' = 0, 'u' = 1, 'd' = 2),
    precision       Enum8('second' = 0, 'day' = 1),
    rank            UInt8                   COMMENT 'place of the type in the life cycle',
    task_code       LowCardinality(String),
    region          LowCardinality(String),
    organ           LowCardinality(String),
    department      LowCardinality(String),
    actor           String                  COMMENT 'keyed hash',
    data            String CODEC(ZSTD(3))   COMMENT 'canonical JSON of the declared fields',
    content         String                  COMMENT 'blake2b-128 of type, time, subject and data, in hex',
    topic           LowCardinality(String),
    `partition`     UInt16,
    `offset`        UInt64,
    unjudged        Bool,
    seniority       UInt64 MATERIALIZED toUInt64(9223372036854775807 - toUnixTimestamp64Micro(received_at))
)
ENGINE = ReplacingMergeTree(seniority)
PARTITION BY toYear(day)
ORDER BY (day, stream, source, id, recorded_at, operation, content)
SETTINGS non_replicated_deduplication_window = 10000;

-- The same versions by case: the history of one subject is one range.
CREATE TABLE IF NOT EXISTS case_timeline
(
    stream          LowCardinality(String),
    subject         String,
    source          LowCardinality(String),
    id              String,
    type            LowCardinality(String),
    occurred_at     DateTime64(6, 'UTC'),
    recorded_at     DateTime64(6, 'UTC'),
    received_at     DateTime64(6, 'UTC'),
    operation       Enum8('i' = 0, 'u' = 1, 'd' = 2),
    precision       Enum8('second' = 0, 'day' = 1),
    rank            UInt8,
    task_code       LowCardinality(String),
    region          LowCardinality(String),
    organ           LowCardinality(String),
    department      LowCardinality(String),
    actor           String,
    data            String CODEC(ZSTD(3)),
    content         String,
    unjudged        Bool,
    seniority       UInt64 MATERIALIZED toUInt64(9223372036854775807 - toUnixTimestamp64Micro(received_at))
)
ENGINE = ReplacingMergeTree(seniority)
ORDER BY (stream, subject, source, id, recorded_at, operation, content)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024;

CREATE MATERIALIZED VIEW IF NOT EXISTS case_timeline_landing TO case_timeline AS
SELECT
    stream, subject, source, id, type, occurred_at, recorded_at, received_at, operation, precision, rank,
    task_code, region, organ, department, actor, data, content, unjudged
FROM event_versions;
