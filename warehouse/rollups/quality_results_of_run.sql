SELECT expectation, type, `column`, severity, success, errored, observed, element_count, unexpected_count, detail
FROM quality_results FINAL
WHERE day = %(day)s AND suite = %(suite)s AND run_id = %(run_id)s
ORDER BY expectation
