-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS `fulfilment_fulfillment_shipped__rows`
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
    `shipment_id` String COMMENT 'The parcel.',
    `order_id` String COMMENT 'The order whose articles are in it.',
    `customer_id` Nullable(String) COMMENT 'The customer\'s number; null for a guest. [personal data]',
    `destination` Tuple(`recipient` Nullable(String), `lines` Array(String), `postal_code` Nullable(String), `locality` String, `country` String) COMMENT 'Where the parcel goes.',
    `carrier` String COMMENT 'Who carries it.',
    `tracking_code` String COMMENT 'What the carrier calls the parcel; a link to follow it is made of it.',
    `weight_grams` Nullable(Int32) COMMENT 'What the parcel weighs, in grams.',
    `lines` Array(Tuple(`stock_code` String, `quantity` Int32)) COMMENT 'What is in it, at least one article.',
    `shipped_at` DateTime64(6, 'UTC') COMMENT 'When the carrier took it over.',
    `expected_on` Nullable(Date32) COMMENT 'The day that the carrier names for its arrival.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.fulfilment.FulfillmentShipped: A parcel with articles of an order left the warehouse.';

CREATE OR REPLACE VIEW `fulfilment_fulfillment_shipped` AS SELECT * FROM `fulfilment_fulfillment_shipped__rows` FINAL;

CREATE OR REPLACE VIEW `fulfilment_fulfillment_shipped__masked` SQL SECURITY DEFINER AS SELECT
    `_kafka_topic_id`,
    `_kafka_topic`,
    `_kafka_partition`,
    `_kafka_offset`,
    `_event_id`,
    `_source`,
    `_correlation_id`,
    `_schema_id`,
    `_kafka_timestamp`,
    `shipment_id`,
    `order_id`,
    if(isNull(`fulfilment_fulfillment_shipped__rows`.`customer_id`), NULL, '***') AS `customer_id`,
    CAST(tuple(if(isNull(`fulfilment_fulfillment_shipped__rows`.`destination`.`recipient`), NULL, '***'), CAST([] AS Array(String)), if(isNull(`fulfilment_fulfillment_shipped__rows`.`destination`.`postal_code`), NULL, '***'), '***', '***') AS Tuple(`recipient` Nullable(String), `lines` Array(String), `postal_code` Nullable(String), `locality` String, `country` String)) AS `destination`,
    `carrier`,
    `tracking_code`,
    `weight_grams`,
    `lines`,
    `shipped_at`,
    `expected_on`
FROM `fulfilment_fulfillment_shipped__rows` FINAL;
