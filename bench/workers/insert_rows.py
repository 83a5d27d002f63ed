"""Floor: the plain loader. The bare client reads the topic, fastavro decodes payload by payload,
ClickHouse's client inserts the rows; nothing is noted and nothing is checked."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition
from fastavro import parse_schema, schemaless_reader

from backbone.codec.framing import PREFIX_BYTES
from backbone.kafka import config
from backbone.runner import Pace
from bench.process import Stopwatch, serve
from bench.workers.clickhouse import BLOCK, emptied, prices, require
from cli import wiring


def insert(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`count` records of `topic`; timed from the assignment to the last insert."""
    topic, count, watch = arguments["topic"], arguments["count"], Stopwatch()
    schema = parse_schema(dict(prices().contract.schema))
    names = [each.name for each in prices().columns]

    def assigned(consumer: Consumer, places: list[TopicPartition]) -> None:
        for place in places:
            place.offset = OFFSET_BEGINNING
        consumer.incremental_assign(places)
        watch.start()

    consumer = Consumer(config.member(wiring.kafka("bench"), f"{wiring.settings().app}.rows"))
    with emptied() as client:
        consumer.subscribe([topic], on_assign=assigned)
        for rows in _blocks(consumer, schema, count):
            client.insert(prices().rows, rows, column_names=names)
        watch.stop()
        require(client, count)
    consumer.close()
    return watch.figures(count)


def _blocks(consumer: Consumer, schema: Any, count: int) -> Iterator[list[Sequence[Any]]]:
    rows = list[Sequence[Any]]()
    while count:
        first = consumer.poll(0.5)
        messages = [] if first is None else [first, *consumer.consume(Pace().max_records, 0)]
        found = [_row(each, schema) for each in messages if each.error() is None]
        rows += found
        count -= len(found)
        if len(rows) >= BLOCK or not count:
            yield rows
            rows = []


def _row(message: Message, schema: Any) -> Sequence[Any]:
    headers: dict[str, Any] = dict(message.headers() or ())
    value = message.value() or b""
    data: Any = schemaless_reader(BytesIO(value[PREFIX_BYTES:]), schema, None)
    return (
        "4L6g3nShT-eMCtK--X86sw",
        message.topic(),
        message.partition(),
        message.offset(),
        headers["ce_id"].decode(),
        headers["ce_source"].decode(),
        "",
        int.from_bytes(value[1:PREFIX_BYTES], "big"),
        datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC),
        *data.values(),
    )


if __name__ == "__main__":
    serve(insert)
