"""Ceiling: the bare client inserts tables that are ready in memory, as Arrow."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from backbone.codec.table_columns import Front, TableColumns, TableRows
from backbone.fact import Fact
from backbone.warehouse import table
from bench.facts.prices import TOPIC, price_facts
from bench.process import Stopwatch, serve
from bench.workers.clickhouse import BLOCK, emptied, prices, require


def insert(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """`count` rows of prices over `keys`; timed are serializing and inserting."""
    count = arguments["count"]
    ready = [*_tables(price_facts(count, arguments["keys"]))]
    with emptied() as client:
        watch = Stopwatch()
        for number, each in enumerate(ready):
            client.raw_insert(
                f"`{prices().rows}`",
                column_names=each.columns,
                insert_block=each.arrow(),
                settings={"insert_deduplication_token": f"bench-{number}", "async_insert": 0},
                fmt="ArrowStream",
            )
        watch.stop()
        require(client, count)
    return watch.figures(count)


def _tables(facts: Iterator[Fact]) -> Iterator[TableRows]:
    columns, offset = TableColumns(prices().contract.shape), 0
    while some := list(islice(facts, BLOCK)):
        rows = columns.of_rows((place, fact.data) for place, fact in enumerate(some))
        yield rows.behind(_front(some, offset))
        offset += len(some)


def _front(facts: list[Fact], offset: int) -> Front:
    made, count = Front(), len(facts)
    made.same(table.TOPIC_ID, "4L6g3nShT-eMCtK--X86sw", count)
    made.same(table.TOPIC, TOPIC, count)
    made.same(table.PARTITION, 0, count)
    made.numbers(table.OFFSET, range(offset, offset + count))
    made.texts(table.EVENT_ID, [each.envelope.id.encode() for each in facts])
    made.texts(table.SOURCE, [each.envelope.source.encode() for each in facts])
    made.texts(table.CORRELATION, [None] * count)
    made.same(table.SCHEMA_ID, 1, count)
    made.instants(table.PUBLISHED, [1_700_000_000_000] * count)
    return made


if __name__ == "__main__":
    serve(insert)
