-- Every row of the table as it is stored, so that one that is there twice shows.
SELECT alert_id, revision, state FROM alerts
