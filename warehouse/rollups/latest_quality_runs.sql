SELECT
    run_id, day, suite,
    toUnixTimestamp64Micro(started_at) AS started_at, toUnixTimestamp64Micro(ended_at) AS ended_at,
    declared, loaded, evaluated, failed, critical_failed, errored, verdict
FROM quality_runs FINAL
WHERE day = %(day)s
ORDER BY quality_runs.ended_at DESC, run_id DESC
LIMIT 1 BY suite
