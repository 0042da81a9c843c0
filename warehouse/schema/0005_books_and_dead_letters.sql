CREATE TABLE IF NOT EXISTS books
(
    book            LowCardinality(String),
    hash            String,
    published_at    DateTime64(6, 'UTC'),
    published_by    String,
    content         String CODEC(ZSTD(3))           COMMENT 'the published book as it was sent'
)
ENGINE = ReplacingMergeTree
ORDER BY (book, published_at, hash)
SETTINGS non_replicated_deduplication_window = 10000;

-- What could not be decoded: the place and the reason. The bytes stay in the source topic.
CREATE TABLE IF NOT EXISTS dead_letters
(
    topic           LowCardinality(String)          COMMENT 'source topic; empty for a file',
    `partition`     UInt16,
    `offset`        UInt64                          COMMENT 'offset in the topic, or line in the file',
    reason          LowCardinality(String),
    path            String,
    detail          String CODEC(ZSTD(3)),
    source          LowCardinality(String)          COMMENT 'the file of a feed',
    hash            String,
    at              DateTime64(6, 'UTC')            COMMENT 'when it was found'
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, source, `partition`, `offset`)
SETTINGS non_replicated_deduplication_window = 10000;
