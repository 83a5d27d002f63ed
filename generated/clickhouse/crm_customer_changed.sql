-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS `crm_customer_changed__rows`
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
    `customer_id` String COMMENT 'The customer\'s number. [personal data]',
    `revision` Int64 COMMENT 'Counts the customer\'s changes, from 1; the higher one wins.',
    `changed_at` DateTime64(6, 'UTC') COMMENT 'When it was changed.',
    `full_name` Nullable(String) COMMENT 'What the customer is called. [personal data]',
    `email` Nullable(String) COMMENT 'Where mail reaches the customer. [personal data]',
    `phone` Nullable(String) COMMENT 'In the form of E.164, such as +41441234567. [personal data]',
    `address` Array(Tuple(`recipient` Nullable(String), `lines` Array(String), `postal_code` Nullable(String), `locality` String, `country` String)) COMMENT 'Where letters reach the customer. [personal data]',
    `locale` Nullable(String) COMMENT 'BCP 47 tag of the language to write in, such as de-CH.',
    `may_be_written_to` Bool COMMENT 'Whether the customer wants advertisements.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.crm.CustomerChanged: What is known of a customer changed; the fact holds all of it.';

CREATE OR REPLACE VIEW `crm_customer_changed` AS SELECT * FROM `crm_customer_changed__rows` FINAL;

CREATE OR REPLACE VIEW `crm_customer_changed__masked` SQL SECURITY DEFINER AS SELECT
    `_kafka_topic_id`,
    `_kafka_topic`,
    `_kafka_partition`,
    `_kafka_offset`,
    `_event_id`,
    `_source`,
    `_correlation_id`,
    `_schema_id`,
    `_kafka_timestamp`,
    '***' AS `customer_id`,
    `revision`,
    `changed_at`,
    if(isNull(`crm_customer_changed__rows`.`full_name`), NULL, '***') AS `full_name`,
    if(isNull(`crm_customer_changed__rows`.`email`), NULL, '***') AS `email`,
    if(isNull(`crm_customer_changed__rows`.`phone`), NULL, '***') AS `phone`,
    CAST([] AS Array(Tuple(`recipient` Nullable(String), `lines` Array(String), `postal_code` Nullable(String), `locality` String, `country` String))) AS `address`,
    `locale`,
    `may_be_written_to`
FROM `crm_customer_changed__rows` FINAL;
