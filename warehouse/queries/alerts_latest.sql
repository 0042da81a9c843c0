-- The current revision of alerts, newest breach first; an empty parameter does not filter.
SELECT
    {alert_columns}
FROM alert_current FINAL
WHERE (%(mode)s = '' OR mode = %(mode)s)
    AND (empty(%(states)s) OR has(%(states)s, toString(state)))
    AND (empty(%(severities)s) OR has(%(severities)s, toString(severity)))
    AND (%(rule)s = '' OR rule = %(rule)s OR startsWith(rule, concat(%(rule)s, '.')))
    AND (%(stream)s = '' OR stream = %(stream)s)
    AND (%(department)s = '' OR department = %(department)s)
    AND (%(region)s = '' OR startsWith(region, %(region)s))
    AND (%(item)s = '' OR item = %(item)s)
    AND (%(subject)s = '' OR subject = %(subject)s)
    AND toUnixTimestamp64Micro(at) >= %(since)s
    AND toUnixTimestamp64Micro(at) < %(until)s
ORDER BY at DESC, alert_id
LIMIT %(limit)s OFFSET %(offset)s
