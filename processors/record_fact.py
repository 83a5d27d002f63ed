"""A fact as it was read from the log."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backbone.contracts.domain import EPOCH
from backbone.envelope import from_headers
from backbone.fact import Envelope, Fact, LogPosition
from backbone.record import RecordBatch


class RecordFact(Fact):
    """What few handlers look at is made when it is asked for: reading the headers of a record
    takes as long as all else that is done with it. Not to be copied or kept: it holds its batch."""

    __slots__ = ("_batch", "_index")
    _batch: RecordBatch
    _index: int

    def __init__(  # its own, for the base class would ask for all
        self,
        type_name: str,
        data: Mapping[str, Any],
        key: str,
        order_version: int,
        batch: RecordBatch,
        index: int,
    ) -> None:
        put = object.__setattr__
        put(self, "type", type_name)
        put(self, "data", data)
        put(self, "key", key)
        put(self, "order_version", order_version)
        put(self, "_batch", batch)
        put(self, "_index", index)

    @property
    def envelope(self) -> Envelope:
        return from_headers(self._batch.headers[self._index], self.published_at)

    @property
    def position(self) -> LogPosition:
        return self._batch.position(self._index)

    @property
    def published_at(self) -> datetime:
        seconds = self._batch.timestamps_ms[self._index] / 1000
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):  # a producer's own clock, beyond all years
            return datetime.max.replace(tzinfo=UTC) if seconds > 0 else EPOCH

    @property
    def origin(self) -> None:
        return None
