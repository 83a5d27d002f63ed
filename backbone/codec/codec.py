"""Codec: facts to framed bytes and back, by contract and registry."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from backbone.codec.engine import BatchEngine, ColumnBatch, ColumnDecoder, Decoder, Engine
from backbone.codec.framing import frame, names_schema, payloads, schema_guid, unframe
from backbone.codec.framing import frames as frames_of
from backbone.codec.row_engine import RowDecoder, RowEncoder
from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import LOG_ORDER, Contract
from backbone.contracts.domain import micros
from backbone.contracts.safety import safe_shape, schema_of
from backbone.errors import Misconfigured, Poison, PoisonReason
from backbone.fact import Fact
from backbone.record import Headers, RecordBatch, picked
from backbone.registry.port import Registry

if TYPE_CHECKING:
    from backbone.codec.column_writer import ColumnWriter
    from backbone.codec.columns import Columns

# An id may be read a moment before the registry's follower has it; ask again soon, not per record.
UNKNOWN_ID_SECONDS = 5.0
# Ids nobody registered can be forged without end; forgetting them all costs one question each.
_MAX_REFUSED = 50_000  # more than a poll brings


@dataclass(frozen=True, slots=True)
class _Reader:
    """How the facts of one schema id are read; `columns` is None where it is not done at once."""

    type: str
    rows: Decoder
    columns: ColumnDecoder | None


class Codec:
    """Made once per process. Decoding asks the registry once per schema id, encoding never."""

    def __init__(
        self,
        contracts: Contracts,
        registry: Registry,
        *,
        engine: Engine = RowDecoder,
        batch_engine: BatchEngine | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._contracts = contracts
        self._registry = registry
        self._engine = engine
        self._batch_engine = batch_engine
        self._clock = clock
        self._writers: dict[str, tuple[int, RowEncoder]] = {}
        self._readers: dict[tuple[str, int | UUID], _Reader] = {}
        self._refused: dict[tuple[str, int | UUID], tuple[float, PoisonReason, str]] = {}

    def check(self, types: Sequence[str]) -> None:
        """Check at start that each contract is registered as we have it. Runtimes never register.

        Raises Misconfigured that names every contract that is not, and Transient.
        """
        missing: list[str] = []
        for name in types:
            contract = self._contract(name)
            schema_id = self._registry.lookup(contract.subject, contract.registered)
            if schema_id is None:
                missing.append(f"{name} (subject {contract.subject})")
            else:
                self._writers[name] = (schema_id, RowEncoder(contract))
        if missing:
            raise Misconfigured(
                f"the schema registry does not have these contracts: {', '.join(missing)}; "
                "run `backbone contracts register`"
            )

    def encode(self, fact: Fact) -> bytes:
        """Give the record's value: frame and payload.

        Raises Poison (INVALID, BAD_KEY) for a fact that breaks its contract, and Misconfigured
        for a type that `check` was not asked about.
        """
        writer = self._writers.get(fact.type)
        if writer is None:
            raise Misconfigured(f"{fact.type} was not checked at start: name it in `facts`")
        schema_id, encoder = writer
        payload = encoder.encode(fact.data)
        key = self._contracts[fact.type].key
        if fact.data.get(key) != fact.key:
            raise Poison(PoisonReason.BAD_KEY, f"the fact's key differs from its field {key}")
        return frame(schema_id, payload)

    def column_writer(self, type_name: str) -> "ColumnWriter | None":
        """What gives the records' values of many rows or JSON objects at once, each as `parse` and
        `encode` give it; None where only they may."""
        from backbone.codec.column_writer import column_writer  # noqa: PLC0415 - Polars

        contract = self._contracts[type_name]
        return column_writer(contract.shape, frame(self._writers[type_name][0], b""))

    def decode(
        self, value: bytes | None, topic: str, headers: Headers = ()
    ) -> tuple[str, dict[str, Any]]:
        """Give the record's full name and its data, with the fields of our own contract.

        What does not read as a frame is read by the schema that a header names (docs/framing.md).
        Raises Poison for whatever will never be readable, and Transient while the registry is
        away and has not been asked about this schema id yet.
        """
        try:
            schema_id, payload = unframe(value)
            reader = self._readers.get((topic, schema_id)) or self._reader(topic, schema_id)
            return reader.type, reader.rows.decode(payload)
        except Poison:
            guid = schema_guid(headers)
            if value is None or guid is None:
                raise
        reader = self._readers.get((topic, guid)) or self._reader(topic, guid)
        return reader.type, reader.rows.decode(value)

    def decode_batch(self, batch: RecordBatch, places: range) -> ColumnBatch | None:
        """Decode the records in these places of a batch at once, with what `decode` says of those
        that are none. None when one of their schemas is only read fact by fact.

        Raises Transient as `decode` does.
        """
        if self._batch_engine is None:
            return None
        groups = _by_frame(batch, places)
        readers = {each: self._reader_or_none(batch.topic, each) for each in groups}
        if any(reader and reader.columns is None for reader in readers.values()):
            return None
        unreadable = [place for each in groups if not readers[each] for place in groups[each]]
        poisons = self._refused_ones(batch, unreadable)
        if len(poisons) < len(unreadable):
            return None  # the registry knows one of them by now
        facts: dict[str, Columns] = {}
        for each, reader in readers.items():
            if reader and reader.columns:
                found = reader.columns.decode(
                    payloads(picked(batch.values, groups[each])), groups[each]
                )
                known = facts.get(reader.type)
                facts[reader.type] = found if known is None else known.joined(found)
        for columns in facts.values():
            poisons |= columns.poisons
        if any(names_schema(batch.headers[place]) for place in poisons):
            return None  # framed by a header
        return ColumnBatch(facts, poisons)

    def _reader_or_none(self, topic: str, frame_: bytes | None) -> _Reader | None:
        try:
            schema_id, _ = unframe(frame_)
            return self._readers.get((topic, schema_id)) or self._reader(topic, schema_id)
        except Poison:
            return None

    def _refused_ones(self, batch: RecordBatch, places: Sequence[int]) -> dict[int, Poison]:
        """What is wrong with records whose frame or schema is refused, each told by itself."""
        found = {}
        for place in places:
            try:
                self.decode(batch.values[place], batch.topic)
            except Poison as poison:
                found[place] = poison
        return found

    def order_version(self, type_name: str, data: Mapping[str, Any], offset: int) -> int:
        """Give what orders the facts of one key: the contract's field, or the log offset."""
        order = self._contracts[type_name].order
        if order == LOG_ORDER:
            return offset
        value = data[order]
        return value if isinstance(value, int) else micros(value)

    def order_versions(
        self, type_name: str, columns: "Columns", offsets: Sequence[int]
    ) -> Sequence[int]:
        """Of facts that were decoded at once, by the offsets of their batch's records."""
        order = self._contracts[type_name].order
        if order == LOG_ORDER:
            return [offsets[place] for place in columns.indexes]
        return columns.numbers(order)

    def _contract(self, name: str) -> Contract:
        if name not in self._contracts:
            raise Misconfigured(f"there is no contract {name}: add it below avro/")
        return self._contracts[name]

    def _reader(self, topic: str, schema_id: int | UUID) -> _Reader:
        known = self._refused.get((topic, schema_id))
        if known and self._clock() < known[0]:
            raise Poison(known[1], known[2])
        try:
            reader = self._make_reader(topic, schema_id)
        except Poison as poison:
            self._remember(topic, schema_id, poison)
            raise
        self._readers[topic, schema_id] = reader
        return reader

    def _make_reader(self, topic: str, schema_id: int | UUID) -> _Reader:
        schema = schema_of(self._schema(schema_id))
        shape = safe_shape(schema)
        ours = {contract.type: contract for contract in self._contracts.of_topic(topic)}
        if shape.name not in ours:
            raise Poison(
                PoisonReason.UNEXPECTED_FACT,
                f"{topic} carries {', '.join(ours) or 'no facts'}, this is a {shape.name}",
            )
        contract, columns = ours[shape.name], self._batch_engine
        return _Reader(
            type=shape.name,
            rows=self._engine(schema, shape, contract),
            columns=columns(schema, shape, contract) if columns else None,
        )

    def _schema(self, schema_id: int | UUID) -> str:
        if isinstance(schema_id, int):
            text, named = self._registry.schema(schema_id), f"schema id {schema_id}"
        else:
            text, named = self._registry.schema_by_guid(schema_id), f"schema GUID {schema_id}"
        if text is None:
            raise Poison(
                PoisonReason.UNKNOWN_SCHEMA,
                f"the schema registry does not know {named}: the record was written against "
                "another registry, or its value is forged",
            )
        return text

    def _remember(self, topic: str, schema_id: int | UUID, poison: Poison) -> None:
        soon = poison.reason is PoisonReason.UNKNOWN_SCHEMA
        until = self._clock() + UNKNOWN_ID_SECONDS if soon else math.inf
        if len(self._refused) >= _MAX_REFUSED:
            self._refused.clear()
        self._refused[topic, schema_id] = (until, poison.reason, str(poison))


def _by_frame(batch: RecordBatch, places: range) -> Mapping[bytes | None, Sequence[int]]:
    """Places by the first bytes of their value: mostly one schema id, and so one group."""
    values = batch.values[places.start : places.stop]
    frames = frames_of(values)
    if len(set(frames)) == 1:
        return {frames[0]: places}
    groups: dict[bytes | None, list[int]] = defaultdict(list)
    for place, each in zip(places, frames, strict=True):
        groups[each].append(place)
    return groups
