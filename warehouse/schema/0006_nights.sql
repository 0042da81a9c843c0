CREATE TABLE IF NOT EXISTS quality_runs
(
    run_id          String,
    day             Date,
    suite           LowCardinality(String),
    started_at      DateTime64(6, 'UTC'),
    ended_at        DateTime64(6, 'UTC'),
    declared        UInt32                          COMMENT 'expectations that the suite file declares',
    loaded          UInt32,
    evaluated       UInt32,
    failed          UInt32,
    critical_failed UInt32,
    errored         UInt32,
    verdict         LowCardinality(String)          COMMENT 'pass | fail'
)
ENGINE = ReplacingMergeTree(ended_at)
ORDER BY (day, suite, run_id);

CREATE TABLE IF NOT EXISTS quality_results
(
    run_id          String,
    day             Date,
    suite           LowCardinality(String),
    expectation     String,
    type            LowCardinality(String),
    `column`        LowCardinality(String),
    severity        LowCardinality(String),
    success         Bool,
    errored         Bool,
    observed        String,
    element_count   UInt64,
    unexpected_count UInt64,
    detail          String CODEC(ZSTD(3))           COMMENT 'JSON'
)
ENGINE = ReplacingMergeTree
ORDER BY (day, suite, run_id, expectation);

-- One night's indicators; a night is staged beside it and replaces its day as a whole.
CREATE TABLE IF NOT EXISTS assess_daily
(
    day             Date,
    region          LowCardinality(String),
    organ           LowCardinality(String),
    department      LowCardinality(String),
    item            LowCardinality(String),
    kpi             LowCardinality(String),
    numerator       Float64,
    denominator     Float64,
    value           Nullable(Float64)               COMMENT 'null where the denominator is zero',
    rests_on        LowCardinality(String)          COMMENT 'events | feed | declared',
    run_id          String,
    verdict         LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY (day, region, organ, department, item, kpi);

CREATE TABLE IF NOT EXISTS assess_daily_staged AS assess_daily
ENGINE = MergeTree
PARTITION BY day
ORDER BY (day, region, organ, department, item, kpi);

CREATE TABLE IF NOT EXISTS declared_facts
(
    indicator       LowCardinality(String),
    region          LowCardinality(String),
    period          String,
    value           Nullable(Float64),
    unit            LowCardinality(String),
    evidence        String,
    declared_by     String,
    declared_on     Date,
    expires_on      Nullable(Date)
)
ENGINE = ReplacingMergeTree(declared_on)
ORDER BY (indicator, region, period);
