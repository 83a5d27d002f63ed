-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS `billing_contract_signed__rows`
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
    `contract_id` String COMMENT 'The contract\'s number.',
    `customer_id` String COMMENT 'The customer\'s number. [personal data]',
    `monthly_fee` Tuple(`amount` Decimal(19, 4), `currency` String) COMMENT 'What the customer pays each month.',
    `notice_days` Int32 COMMENT 'How many days before its end it must be ended.',
    `starts_on` Date32 COMMENT 'The first day it holds.',
    `ends_on` Nullable(Date32) COMMENT 'The last day it holds; null where it has no end.',
    `signed_at` DateTime64(6, 'UTC') COMMENT 'When both had signed.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.billing.ContractSigned: A customer and the shop agreed to a contract.';

CREATE OR REPLACE VIEW `billing_contract_signed` AS SELECT * FROM `billing_contract_signed__rows` FINAL;

CREATE OR REPLACE VIEW `billing_contract_signed__masked` SQL SECURITY DEFINER AS SELECT
    `_kafka_topic_id`,
    `_kafka_topic`,
    `_kafka_partition`,
    `_kafka_offset`,
    `_event_id`,
    `_source`,
    `_correlation_id`,
    `_schema_id`,
    `_kafka_timestamp`,
    `contract_id`,
    '***' AS `customer_id`,
    `monthly_fee`,
    `notice_days`,
    `starts_on`,
    `ends_on`,
    `signed_at`
FROM `billing_contract_signed__rows` FINAL;
