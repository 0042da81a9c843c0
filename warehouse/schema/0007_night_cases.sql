-- The cases of one day as they stood when the night judged them: what the expectations doubted is what the indicators
-- count, and each figure can be followed to its cases. A day is replaced as a whole.
CREATE TABLE IF NOT EXISTS night_cases
(
    day                 Date,
    run_id              String                      COMMENT 'the run of quality_runs that froze this day',
    case_id             String,
    item                Nullable(String),
    region              Nullable(String),
    organ               Nullable(String),
    department          Nullable(String),
    project_type        Nullable(String),
    channel             Nullable(String),
    bundle_id           Nullable(String),
    applicant_region    Nullable(String),
    finish_code         Nullable(String),
    visits              Nullable(Int32),
    applied_at          Nullable(DateTime64(6, 'UTC')),
    accepted_at         Nullable(DateTime64(6, 'UTC')),
    refused_at          Nullable(DateTime64(6, 'UTC')),
    decided_at          Nullable(DateTime64(6, 'UTC')),
    closed_at           Nullable(DateTime64(6, 'UTC')),
    rated_at            Nullable(DateTime64(6, 'UTC')),
    applied_today       UInt8,
    closed_today        UInt8,
    rated_today         UInt8                       COMMENT 'by a person: default ratings never count',
    fin                 UInt8                       COMMENT 'closed today, not withdrawn, void, deleted or transferred',
    withdrawn           UInt8,
    automatic           UInt8,
    actors              UInt32,
    electronic          UInt8                       COMMENT 'an electronic result',
    courier             UInt8                       COMMENT 'a result by courier',
    materials_required  UInt32,
    materials_shared    UInt32,
    satisfaction        Nullable(Int32),
    promise_limit       Nullable(Float64)           COMMENT 'days of the promise clock (T02); null without one',
    promise_used        Nullable(Float64),
    promise_contested   UInt8                       COMMENT 'what says that it was kept was entered too late: a person decides',
    legal_limit         Nullable(Float64)           COMMENT 'days of the legal clock (T03), without extension; null without one',
    legal_used          Nullable(Float64),
    clock_behind        UInt8                       COMMENT 'closed, and one of its clocks is still open'
)
ENGINE = MergeTree
PARTITION BY day
ORDER BY (day, case_id);

CREATE TABLE IF NOT EXISTS night_cases_staged AS night_cases
ENGINE = MergeTree
PARTITION BY day
ORDER BY (day, case_id);
