clock_id, revision, rule, clock, key, subject, stream, occasion_source, occasion_id, region, item, department,
responsible, toUnixTimestamp64Micro(start_at), start_date, unit, `limit`, extended, paused, used, `left`, due_date,
toUnixTimestamp64Micro(due_at), toUnixTimestamp64Micro(stopped_at), state, in_time, provisional,
toUnixTimestamp64Micro(as_of)
