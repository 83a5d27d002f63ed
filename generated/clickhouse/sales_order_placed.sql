-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS `sales_order_placed__rows`
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
    `placed_at` DateTime64(6, 'UTC') COMMENT 'When the customer confirmed the order.',
    `customer_id` Nullable(String) COMMENT 'The customer\'s number; null for a guest. [personal data]',
    `country` String COMMENT 'Where the order is delivered to, as the shop names it.',
    `currency` String COMMENT 'ISO 4217 code of every price in the order.',
    `lines` Array(Tuple(`stock_code` String, `description` Nullable(String), `quantity` Int32, `unit_price` Decimal(19, 4))) COMMENT 'The articles ordered, at least one.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.sales.OrderPlaced: A customer placed an order in the shop.';

CREATE OR REPLACE VIEW `sales_order_placed` AS SELECT * FROM `sales_order_placed__rows` FINAL;

CREATE OR REPLACE VIEW `sales_order_placed__masked` SQL SECURITY DEFINER AS SELECT
    `_kafka_topic_id`,
    `_kafka_topic`,
    `_kafka_partition`,
    `_kafka_offset`,
    `_event_id`,
    `_source`,
    `_correlation_id`,
    `_schema_id`,
    `_kafka_timestamp`,
    `order_id`,
    `placed_at`,
    if(isNull(`sales_order_placed__rows`.`customer_id`), NULL, '***') AS `customer_id`,
    `country`,
    `currency`,
    `lines`
FROM `sales_order_placed__rows` FINAL;
