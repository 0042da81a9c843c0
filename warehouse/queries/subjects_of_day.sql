-- The subjects that one day touched: an event of the day, or one recorded in it.
SELECT DISTINCT subject
FROM case_timeline
WHERE stream = %(stream)s
    AND (toDate(occurred_at, 'Asia/Shanghai') = %(day)s OR toDate(recorded_at, 'Asia/Shanghai') = %(day)s)
ORDER BY subject
