-- What stands, shadows too: a withdrawn alert is history of revisions, compared by nobody (CLOCKS.md 1).
SELECT
    {alert_columns}
FROM alert_current FINAL
WHERE state != 'withdrawn'
ORDER BY alert_id
