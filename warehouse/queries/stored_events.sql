-- Every version of the events of some days, as it was known at an instant.
SELECT
    {event_columns}
FROM event_versions FINAL
WHERE stream = %(stream)s AND day BETWEEN %(first)s AND %(last)s
    AND toUnixTimestamp64Micro(received_at) <= %(known_at)s
ORDER BY subject, occurred_at, rank, source, id, recorded_at, operation, content
