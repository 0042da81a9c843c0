SELECT rule, severity, state, count() FROM alert_current FINAL WHERE mode = 'live' GROUP BY rule, severity, state ORDER BY rule, severity, state
