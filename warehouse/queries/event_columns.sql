type, subject, source, id, toUnixTimestamp64Micro(occurred_at), toUnixTimestamp64Micro(recorded_at),
toUnixTimestamp64Micro(received_at), operation, precision, rank, data, content
