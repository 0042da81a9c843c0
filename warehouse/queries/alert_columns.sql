alert_id, revision, rule, step, version, book, subject, stream, state, toUnixTimestamp64Micro(ended_at),
severity, reason, toUnixTimestamp64Micro(at), due_date, toUnixTimestamp64Micro(due_at), provisional, settled,
occasion_source, occasion_id, department, responsible, region, item, actor, `group`, value, threshold, params,
message_zh, message_en,
arrayMap(each -> (each.1, each.2, toUnixTimestamp64Micro(each.3), each.4), evidence), evidence_total,
mode, absorbed_by
