-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS `pricing_price_changed__rows`
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
    `price` Decimal(19, 4) COMMENT 'Unit price in `currency`.',
    `currency` String COMMENT 'ISO 4217 code of the price.',
    `effective_at` DateTime64(6, 'UTC') COMMENT 'From when on the price holds; the newer one wins.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.pricing.PriceChanged: The price list gave an article a new unit price.';

CREATE OR REPLACE VIEW `pricing_price_changed` AS SELECT * FROM `pricing_price_changed__rows` FINAL;
