-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS `catalogue_product_described__rows`
(
    `_kafka_topic_id` LowCardinality(String) COMMENT 'Kafka\'s id of the topic',
    `_kafka_topic` LowCardinality(String),
    `_kafka_partition` UInt16,
    `_kafka_offset` UInt64,
    `_event_id` String COMMENT 'unique per distinct fact of its source',
    `_source` LowCardinality(String),
    `_correlation_id` String,
    `_schema_id` UInt32 COMMENT 'of the schema registry; 0 where a header names the schema',
    `_kafka_timestamp` DateTime64(3, 'UTC') COMMENT 'when the fact was published',
    `stock_code` String COMMENT 'The article, as the price list names it.',
    `revision` Int64 COMMENT 'Counts the descriptions of the article, from 1; the higher one wins.',
    `described_at` DateTime64(6, 'UTC') COMMENT 'When the description was approved.',
    `texts` Array(Tuple(`locale` String, `title` String, `description` Nullable(String))) COMMENT 'One text per language: at least one, at most thirty. A list, for a map\'s facts are read one by one.',
    `categories` Array(String) COMMENT 'Where the article stands in the shop, the broadest first.',
    `weight_grams` Nullable(Int32) COMMENT 'Weight with its packing, in grams; null where nobody weighed it.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.catalogue.ProductDescribed: An article got a new description, in every language it is sold in.';

CREATE OR REPLACE VIEW `catalogue_product_described` AS SELECT * FROM `catalogue_product_described__rows` FINAL;
