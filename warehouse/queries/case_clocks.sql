SELECT
    {clock_columns}
FROM case_clock FINAL
WHERE stream = %(stream)s AND subject = %(subject)s
ORDER BY start_at, rule, clock_id
