CREATE TABLE IF NOT EXISTS schema_migrations
(
    file        String,
    checksum    String,
    applied_at  DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY file
