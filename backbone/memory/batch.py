"""Records as a batch."""

from collections.abc import Sequence

from backbone.record import Record, RecordBatch


def batch_of(records: Sequence[Record]) -> RecordBatch:
    """Put consecutive records of one partition into a batch."""
    first = records[0].position
    return RecordBatch(
        topic=first.topic,
        topic_id=first.topic_id,
        partition=first.partition,
        offsets=[record.position.offset for record in records],
        keys=[record.key for record in records],
        values=[record.value for record in records],
        headers=[record.headers for record in records],
        timestamps_ms=[record.timestamp_ms for record in records],
    )
