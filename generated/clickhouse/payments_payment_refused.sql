-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS `payments_payment_refused__rows`
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
    `payment_id` String COMMENT 'The payment, as the provider names it.',
    `order_id` String COMMENT 'The order that it would have paid.',
    `amount` Tuple(`amount` Decimal(19, 4), `currency` String) COMMENT 'What was asked for.',
    `reason` LowCardinality(String) COMMENT 'Why, as far as the provider says.',
    `refused_at` DateTime64(6, 'UTC') COMMENT 'When the provider refused.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.payments.PaymentRefused: The payment provider did not set an amount aside.';

CREATE OR REPLACE VIEW `payments_payment_refused` AS SELECT * FROM `payments_payment_refused__rows` FINAL;
