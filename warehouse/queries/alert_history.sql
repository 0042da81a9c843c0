SELECT
    {alert_columns}
FROM alerts FINAL
WHERE alert_id = %(alert_id)s
ORDER BY revision
