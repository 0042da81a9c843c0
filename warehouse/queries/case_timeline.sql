-- Every version of every event of one subject, in the order in which rules judge them.
SELECT
    {event_columns}
FROM case_timeline FINAL
WHERE stream = %(stream)s AND subject = %(subject)s
ORDER BY occurred_at, rank, source, id, recorded_at, operation, content
