-- Each clock as its worker last reported it: days (microseconds where unit is `exact`) are never worked out again in SQL.
CREATE TABLE IF NOT EXISTS case_clock
(
    stream          LowCardinality(String),
    subject         String,
    clock_id        String,
    revision        UInt32,
    rule            LowCardinality(String),
    clock           LowCardinality(String),
    key             String                          COMMENT 'the `per` of the clock',
    occasion_source LowCardinality(String),
    occasion_id     String,
    region          LowCardinality(String),
    item            LowCardinality(String),
    department      LowCardinality(String),
    responsible     LowCardinality(String),
    start_at        DateTime64(6, 'UTC'),
    start_date      Date,
    unit            LowCardinality(String),
    `limit`         Nullable(Int64),
    extended        Int64,
    paused          Int64,
    used            Int64,
    `left`          Nullable(Int64),
    due_date        Nullable(Date),
    due_at          Nullable(DateTime64(6, 'UTC')),
    stopped_at      Nullable(DateTime64(6, 'UTC')),
    state           LowCardinality(String)          COMMENT 'open | ended | void',
    in_time         Nullable(Bool),
    provisional     Bool,
    as_of           DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (stream, subject, clock_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024;
