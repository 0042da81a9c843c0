SELECT topic, `partition`, `offset`, reason, path, detail, source, hash, toUnixTimestamp64Micro(at)
FROM dead_letters FINAL
ORDER BY at DESC, topic, `partition`, `offset`
LIMIT %(limit)s
