-- Which fields came in lately, and how often they said something.
SELECT type, said.1, count()
FROM event_versions
ARRAY JOIN JSONExtractKeysAndValuesRaw(data) AS said
WHERE day >= %(since)s AND data != '' AND said.2 NOT IN ('""', 'null', '[]', '{}', 'false')
GROUP BY type, said.1
