"""A topic's fact types and their tables, and what a newer writer's schema adds to them.

A writer may be ahead of this process: its schema has a field that our contract lacks. The field
becomes a column at once, without a new version of this program: the writer's schema takes the place
of ours, and the codec is made again with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from backbone.codec.codec import Codec
from backbone.codec.framing import frames, schema_guid, unframe
from backbone.codec.table_columns import TableColumns
from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.contracts.safety import safe_shape, schema_of
from backbone.contracts.shape import Array, Map, Nullable, Record, Shape
from backbone.errors import Misconfigured, Poison
from backbone.logs import logger
from backbone.record import RecordBatch
from backbone.registry.port import Registry
from backbone.warehouse.table import FactTable

MakeCodec = Callable[[Contracts], Codec]


class Tables:
    """The tables of one topic, and the codec that reads its facts for them."""

    def __init__(
        self, contracts: Contracts, topic: str, registry: Registry, make_codec: MakeCodec
    ) -> None:
        self.topic = topic
        self._registry = registry
        self._make_codec = make_codec
        self._contracts = {each.type: each for each in contracts.of_topic(topic)}
        self._known: set[int | UUID] = set()
        self.readable: set[int | UUID] = set()  # of one of our fact types
        self._log = logger(f"warehouse.{topic}")
        self._make()

    @property
    def partitions(self) -> int:
        return next(iter(self._contracts.values())).partitions

    @property
    def kept_for_ever(self) -> bool:
        return all(each.retention == "forever" for each in self._contracts.values())

    def learn(self, batch: RecordBatch) -> bool:
        """Look at schemas that were not seen before; whether tables are to be prepared again.
        Raises Transient."""
        changed = False
        for schema_id in _schema_ids(batch) - self._known:
            changed |= self._learn(schema_id)
        if changed:
            self._make()
        return changed

    def _make(self) -> None:
        self.codec = self._make_codec(Contracts(self._contracts))
        self.tables = {name: FactTable(each) for name, each in self._contracts.items()}
        self.columns = {name: TableColumns(each.shape) for name, each in self._contracts.items()}

    def _learn(self, schema_id: int | UUID) -> bool:
        text = (
            self._registry.schema(schema_id)
            if isinstance(schema_id, int)
            else self._registry.schema_by_guid(schema_id)
        )
        if text is None:
            return False  # it may be registered by the time it is met again
        self._known.add(schema_id)
        try:
            schema = schema_of(text)
            shape = safe_shape(schema)
        except Poison:
            return False  # the codec says what is wrong, record by record
        ours = self._contracts.get(shape.name)
        if ours is None:
            return False
        self.readable.add(schema_id)
        if _covers(ours.shape, shape):
            return False
        self._contracts[shape.name] = _widened(ours, schema, shape)
        self._log.info("a newer schema brings columns", fact=shape.name, schema=str(schema_id))
        return True


def _widened(ours: Contract, schema: Mapping[str, Any], shape: Record) -> Contract:
    if not _covers(shape, ours.shape):
        raise Misconfigured(
            f"a newer schema of {ours.type} has fields that this contract lacks, and lacks some of "
            "its own: bring the newest contract below avro/ and start again"
        )
    return replace(ours, schema={**ours.schema, "fields": schema["fields"]})


def _covers(wide: Shape, narrow: Shape) -> bool:
    """Whether every field of `narrow` is there in `wide`, records inside of fields included. What
    is of another type is for the codec, and no reason for a column."""
    match wide, narrow:
        case Record(), Record():
            fields = {each.name: each.shape for each in wide.fields}
            return all(
                each.name in fields and _covers(fields[each.name], each.shape)
                for each in narrow.fields
            )
        case (Nullable(one), Nullable(other)) | (Array(one), Array(other)) | (Map(one), Map(other)):
            return _covers(one, other)
    return True


def _schema_ids(batch: RecordBatch) -> set[int | UUID]:
    found: set[int | UUID] = set()
    for each in set(frames(batch.values)):
        try:
            found.add(unframe(each)[0])
        except Poison:
            return found | _guids(batch)
    return found


def _guids(batch: RecordBatch) -> set[UUID]:
    """Those that headers name; asked for only where a value has no frame."""
    found: set[UUID] = set()
    for place in _unframed(batch):
        try:
            guid = schema_guid(batch.headers[place])
        except Poison:
            continue
        if guid is not None:
            found.add(guid)
    return found


def _unframed(batch: RecordBatch) -> Sequence[int]:
    return [place for place, value in enumerate(batch.values) if not value or value[0] != 0]
