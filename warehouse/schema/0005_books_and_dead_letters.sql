CREATE TABLE books
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
CREATE TABLE dead_letters
(
    day             Date,
    topic           LowCardinality(String)          COMMENT 'source topic, or the file of a feed',
    partition       UInt16,
    offset          UInt64                          COMMENT 'offset in the topic, or line in the file',
    reason          LowCardinality(String),
    path            String,
    detail          String CODEC(ZSTD(3)),
    source          LowCardinality(String),
    hash            String,
    at              DateTime64(6, 'UTC')            COMMENT 'append time of the source record'
)
ENGINE = ReplacingMergeTree
ORDER BY (day, topic, partition, offset)
SETTINGS non_replicated_deduplication_window = 10000;
