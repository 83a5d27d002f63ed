-- Written by `backbone contracts generate`: do not edit.

CREATE TABLE IF NOT EXISTS complete_up_to__rows
(
    fact LowCardinality(String) COMMENT 'the fact''s view',
    topic_id LowCardinality(String),
    topic LowCardinality(String),
    partition UInt16,
    next_offset SimpleAggregateFunction(max, UInt64),
    complete_until SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (fact, topic_id, topic, partition)
COMMENT 'How far each fact has each partition of its topic';

CREATE OR REPLACE VIEW complete_up_to AS
SELECT fact, topic_id, topic, partition,
       max(r.next_offset) AS next_offset, max(r.complete_until) AS complete_until
FROM complete_up_to__rows AS r
GROUP BY fact, topic_id, topic, partition;
