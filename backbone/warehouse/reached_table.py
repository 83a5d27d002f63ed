"""`complete_up_to`: how far each fact has each partition of its topic."""

REACHED = "complete_up_to"
REACHED_ROWS = f"{REACHED}__rows"
REACHED_COLUMNS = ("fact", "topic_id", "topic", "partition", "next_offset", "complete_until")

# What is said of a partition only ever grows, in whatever order it arrives and from whomever.
CREATE_REACHED = f"""\
CREATE TABLE IF NOT EXISTS {REACHED_ROWS}
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
COMMENT 'How far each fact has each partition of its topic'"""
VIEW_REACHED = f"""\
CREATE OR REPLACE VIEW {REACHED} AS
SELECT fact, topic_id, topic, partition,
       max(r.next_offset) AS next_offset, max(r.complete_until) AS complete_until
FROM {REACHED_ROWS} AS r
GROUP BY fact, topic_id, topic, partition"""
