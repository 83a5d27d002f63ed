"""The facts of a batch that a view reads, in the order of the log and a slice at a time: decoded at
once where that is quicker, else one by one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

from backbone.codec.columns import Columns
from backbone.codec.engine import ColumnBatch
from backbone.codec.framing import names_schema
from backbone.errors import Poison
from backbone.record import Headers, Outcomes, RecordBatch, picked
from processors.record_fact import Names, Readings, RecordFact
from processors.record_key import text_key, text_keys
from processors.view import View

FEW: Final = 100
"""Below so many records they are decoded faster one by one."""
_SLICE: Final = 10_000  # records whose facts are in memory at the same time


class Decoder(Protocol):
    """The codec, as far as it is needed here."""

    def decode_batch(self, batch: RecordBatch, places: range) -> ColumnBatch | None: ...

    def decode(
        self, value: bytes | None, topic: str, headers: Headers = ()
    ) -> tuple[str, dict[str, Any]]: ...

    def order_version(self, type_name: str, data: Mapping[str, Any], offset: int) -> int: ...

    def order_versions(
        self, type_name: str, columns: Columns, offsets: Sequence[int]
    ) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of a batch's facts: their keys at once, and what makes the facts, called once."""

    keys: Sequence[str]
    facts: Callable[[], Iterator[RecordFact]]


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """Of a view's topic, which has `partitions` partitions. What facts of a type were asked for is
    made of the next ones by `ahead`, before they are asked."""

    view: View
    decoder: Decoder
    partitions: int
    ahead: Executor
    _asked: dict[str, set[Names]] = field(default_factory=dict)

    def slices(self, batch: RecordBatch, first: int, outcomes: Outcomes) -> Iterator[Slice]:
        """From place `first` on; what is wrong with the others is said in `outcomes`. Raises
        Transient."""
        found = self._at_once(batch, first, outcomes)
        for start in range(first, len(batch), _SLICE):
            places = range(start, min(start + _SLICE, len(batch)))
            if found is None:
                facts = list(self._one_by_one(batch, places, outcomes))
                yield Slice([fact.key for fact in facts], partial(iter, facts))
            else:
                yield self._of_columns(found, batch, places, outcomes)

    def _at_once(
        self, batch: RecordBatch, first: int, outcomes: Outcomes
    ) -> Mapping[str, Columns] | None:
        """By type. None where they are few, or a schema among them is only read fact by fact."""
        if len(batch) - first < FEW:
            return None
        decoded = self.decoder.decode_batch(batch, range(first, len(batch)))
        if decoded is None:
            return None
        for place, poison in decoded.poisons.items():
            outcomes.poison(place, poison)
        return {name: each for name, each in decoded.facts.items() if name in self.view.reads}

    def _of_columns(
        self, found: Mapping[str, Columns], batch: RecordBatch, places: range, outcomes: Outcomes
    ) -> Slice:
        readings = [
            self._readings(type_name, batch, columns.between(places.start, places.stop), outcomes)
            for type_name, columns in found.items()
        ]
        whole = [key for each in readings for key in each.keys if isinstance(key, str)]
        return Slice(whole, partial(self._in_order, readings, places))

    def _readings(
        self, type_name: str, batch: RecordBatch, columns: Columns, outcomes: Outcomes
    ) -> Readings:
        raw = picked(batch.keys, columns.indexes)
        keys = text_keys(raw, batch.partition, self.partitions)
        for place, key in zip(columns.indexes, keys, strict=True):
            if isinstance(key, Poison):
                outcomes.poison(place, key)
        asked = self._asked.setdefault(type_name, set())
        return Readings(type_name, batch, columns, keys, asked, self.ahead)

    def _in_order(self, found: Sequence[Readings], places: range) -> Iterator[RecordFact]:
        facts: list[RecordFact | None] = [None] * len(places)
        for each in found:
            offsets = each.batch.offsets
            versions = self.decoder.order_versions(each.type, each.columns, offsets)
            for fact in each.facts(versions):
                facts[fact.place - places.start] = fact
        return (fact for fact in facts if fact is not None)

    def _key(self, batch: RecordBatch, place: int, outcomes: Outcomes) -> str | None:
        try:
            return text_key(batch.keys[place], batch.partition, self.partitions)
        except Poison as poison:
            outcomes.poison(place, poison)
            return None

    def _one_by_one(
        self, batch: RecordBatch, places: range, outcomes: Outcomes
    ) -> Iterator[RecordFact]:
        for place in places:
            try:
                type_name, data = self._decode(batch, place)
            except Poison as poison:
                outcomes.poison(place, poison)
                continue
            if type_name not in self.view.reads:
                continue
            key = self._key(batch, place, outcomes)
            if key is not None:
                version = self.decoder.order_version(type_name, data, batch.offsets[place])
                yield RecordFact(type_name, data, key, version, place, batch)

    def _decode(self, batch: RecordBatch, place: int) -> tuple[str, dict[str, Any]]:
        """Headers are looked at where the value alone does not say what it is: they cost."""
        value = batch.values[place]
        try:
            return self.decoder.decode(value, batch.topic)
        except Poison:
            headers = batch.headers[place]
            if not names_schema(headers):
                raise
        return self.decoder.decode(value, batch.topic, headers)
