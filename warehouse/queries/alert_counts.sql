SELECT rule, severity, state, count() FROM alert_current FINAL GROUP BY rule, severity, state ORDER BY rule, severity, state
