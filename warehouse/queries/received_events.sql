-- Every version of one part of the subjects, in the order in which they reached us: what a backtest replays.
SELECT
    {event_columns}
FROM event_versions FINAL
WHERE cityHash64(subject) %% %(parts)s = %(part)s
    AND toUnixTimestamp64Micro(occurred_at) <= %(last)s
    AND toUnixTimestamp64Micro(received_at) <= %(known_at)s
ORDER BY received_at, occurred_at, rank, source, id, recorded_at, operation, content
