-- Shadow alerts are delivered to nobody; an absorbed one has joined the card of another, and keeps its own line.
-- The view that lands the last revision is made again: it took the columns that there were.
ALTER TABLE alerts ADD COLUMN IF NOT EXISTS mode LowCardinality(String) DEFAULT 'live' COMMENT 'live | shadow';
ALTER TABLE alerts ADD COLUMN IF NOT EXISTS absorbed_by String COMMENT 'alert_id of the card that it joined';
ALTER TABLE alert_current ADD COLUMN IF NOT EXISTS mode LowCardinality(String) DEFAULT 'live';
ALTER TABLE alert_current ADD COLUMN IF NOT EXISTS absorbed_by String;
DROP VIEW IF EXISTS alert_current_landing;
CREATE MATERIALIZED VIEW IF NOT EXISTS alert_current_landing TO alert_current AS SELECT * FROM alerts;
