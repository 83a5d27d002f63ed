-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS `inventory_inventory_reserved__rows`
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
    `location_code` String COMMENT 'The warehouse or shop where it lies.',
    `reservation_id` String COMMENT 'The reservation; it is released by this name.',
    `order_id` String COMMENT 'The order that they are for.',
    `quantity` Int32 COMMENT 'How many pieces.',
    `reserved_at` DateTime64(6, 'UTC') COMMENT 'When they were set aside.',
    `expires_at` Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when; null where they stay.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.inventory.InventoryReserved: Pieces of an article were set aside for an order.';

CREATE OR REPLACE VIEW `inventory_inventory_reserved` AS SELECT * FROM `inventory_inventory_reserved__rows` FINAL;
