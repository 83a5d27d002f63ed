-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS `billing_invoice_issued__rows`
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
    `invoice_id` String COMMENT 'The invoice\'s number, without gaps.',
    `customer_id` String COMMENT 'The customer\'s number. [personal data]',
    `order_id` Nullable(String) COMMENT 'The order it is for; null for one of a contract.',
    `contract_id` Nullable(String) COMMENT 'The contract it is for; null for one of an order.',
    `currency` String COMMENT 'ISO 4217 code of every amount in the invoice.',
    `net_amount` Decimal(19, 4) COMMENT 'Before tax, in `currency`.',
    `tax_amount` Decimal(19, 4) COMMENT 'Value added tax, in `currency`.',
    `total_amount` Decimal(19, 4) COMMENT 'What is to be paid, in `currency`.',
    `due_on` Date32 COMMENT 'The day by which it is to be paid.',
    `issued_at` DateTime64(6, 'UTC') COMMENT 'When it was sent.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.billing.InvoiceIssued: The shop asked a customer for money.';

CREATE OR REPLACE VIEW `billing_invoice_issued` AS SELECT * FROM `billing_invoice_issued__rows` FINAL;

CREATE OR REPLACE VIEW `billing_invoice_issued__masked` SQL SECURITY DEFINER AS SELECT
    `_kafka_topic_id`,
    `_kafka_topic`,
    `_kafka_partition`,
    `_kafka_offset`,
    `_event_id`,
    `_source`,
    `_correlation_id`,
    `_schema_id`,
    `_kafka_timestamp`,
    `invoice_id`,
    '***' AS `customer_id`,
    `order_id`,
    `contract_id`,
    `currency`,
    `net_amount`,
    `tax_amount`,
    `total_amount`,
    `due_on`,
    `issued_at`
FROM `billing_invoice_issued__rows` FINAL;
