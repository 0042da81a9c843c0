SELECT
    {clock_columns}
FROM case_clock FINAL
ORDER BY clock_id
