-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS `sales_order_cancelled__rows`
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
    `order_id` String COMMENT 'The order\'s number, unique in the shop.',
    `cancelled_at` DateTime64(6, 'UTC') COMMENT 'When the cancellation was confirmed.',
    `reason` Nullable(String) COMMENT 'Why, in the shop\'s own words.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.sales.OrderCancelled: A placed order was cancelled as a whole.';

CREATE OR REPLACE VIEW `sales_order_cancelled` AS SELECT * FROM `sales_order_cancelled__rows` FINAL;
