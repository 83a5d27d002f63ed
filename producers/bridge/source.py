"""A bridge as a source: its cursor is a place in the new topic, and commits with the old facts.

So each new fact is told exactly once, by the transaction that every source has
(`backbone/source_runner.py`). Facts of one key stay in their order: it is the key of both topics,
and one shard reads.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import islice

from backbone.contracts.catalog import Contracts
from backbone.errors import Fatal
from backbone.fact import Fact
from backbone.log import Reader
from backbone.record import Record
from backbone.recorded_fact import Decoder
from backbone.source import Batch, Cursor, Reject
from producers.bridge.carrying import Carrying
from producers.bridge.declaration import Bridge

MOST_RECORDS = 5_000  # of a poll, which is one transaction
REST_SECONDS = 0.5  # once the topic's end is reached


class BridgeSource:
    """`reader` and `decoder` make the clients, at the first poll."""

    def __init__(
        self,
        bridge: Bridge,
        contracts: Contracts,
        reader: Callable[[], Reader],
        decoder: Callable[[], Decoder],
    ) -> None:
        self.name = bridge.name
        self.facts: Sequence[str] = (bridge.old,)
        self.carrying = Carrying(bridge, contracts)
        self._make = reader, decoder
        self._open: tuple[Reader, Decoder] | None = None

    def poll(self, cursor: Cursor | None) -> Batch:
        if self._open is None:
            self._open = self._make[0](), self._make[1]()
        records = self._records(self._open[0], starts_of(cursor))
        self._refuse_another_topic(cursor, records)
        made = [self.carrying.carried(each, self._open[1]) for each in records]
        return Batch(
            facts=[each for each in made if isinstance(each, Fact)],
            rejects=[each for each in made if isinstance(each, Reject)],
            cursor=_behind(cursor, records),
            wait_seconds=0.0 if len(records) == MOST_RECORDS else REST_SECONDS,
        )

    def close(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            opened[0].close()

    def _records(self, reader: Reader, starts: dict[int, int]) -> list[Record]:
        with closing(reader.scan(self.carrying.topic, starts)) as found:
            return list(islice(found, MOST_RECORDS))

    def _refuse_another_topic(self, cursor: Cursor | None, records: Sequence[Record]) -> None:
        known = (cursor or {}).get("topic_id")
        if known and records and records[0].position.topic_id != known:
            raise Fatal(
                f"{self.carrying.topic} was created again since {self.name} read it: its places "
                "mean other facts now; see docs/recreated-topic.md"
            )


def starts_of(cursor: Cursor | None) -> dict[int, int]:
    return {int(each): offset for each, offset in (cursor or {}).get("offsets", {}).items()}


def _behind(cursor: Cursor | None, records: Sequence[Record]) -> Cursor:
    offsets = {str(each): offset for each, offset in starts_of(cursor).items()}
    offsets |= {str(each.position.partition): each.position.offset + 1 for each in records}
    topic_id = records[0].position.topic_id if records else (cursor or {}).get("topic_id")
    return {"topic_id": topic_id, "offsets": offsets}
