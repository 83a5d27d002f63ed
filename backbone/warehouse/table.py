"""A fact type's table: made from the contract, lineage in front.

`name` is the view that analysts read, without duplicates. Its rows stand in `rows`, a
ReplacingMergeTree by log position: a row that was inserted twice is one in the view, whenever the
engine merges.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backbone.contracts.contract import PII, Contract
from backbone.contracts.shape import Array, Field, Leaf, Map, Nullable, Record, Shape
from backbone.errors import Misconfigured
from backbone.snake_case import snake_case

TOPIC_ID = "_kafka_topic_id"
TOPIC = "_kafka_topic"
PARTITION = "_kafka_partition"
OFFSET = "_kafka_offset"
EVENT_ID = "_event_id"
SOURCE = "_source"
CORRELATION = "_correlation_id"
SCHEMA_ID = "_schema_id"
PUBLISHED = "_kafka_timestamp"

# Inserts a table remembers by their tokens. A repeat after so many others is found by its log
# position, when it is read.
REMEMBERED_INSERTS = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    comment: str = ""


LINEAGE = (
    Column(TOPIC_ID, "LowCardinality(String)", "Kafka's id of the topic"),
    Column(TOPIC, "LowCardinality(String)"),
    Column(PARTITION, "UInt16"),
    Column(OFFSET, "UInt64"),
    Column(EVENT_ID, "String", "unique per distinct fact of its source"),
    Column(SOURCE, "LowCardinality(String)"),
    Column(CORRELATION, "String"),
    Column(SCHEMA_ID, "UInt32", "of the schema registry; 0 where a header names the schema"),
    Column(PUBLISHED, "DateTime64(3, 'UTC')", "when the fact was published"),
)


@dataclass(frozen=True, eq=False)
class FactTable:
    """The table of one fact type, as its contract calls for it."""

    contract: Contract

    @property
    def name(self) -> str:
        """`pricing_price_changed`; of the second major version on `…_v2`."""
        return table_name(self.contract.type, self.contract.major)

    @property
    def rows(self) -> str:
        return f"{self.name}__rows"

    @property
    def columns(self) -> Sequence[Column]:
        own = [
            Column(each.name, column_type(each.shape), _about(each))
            for each in self.contract.shape.fields
        ]
        taken = {each.name for each in LINEAGE}.intersection(each.name for each in own)
        if taken:
            raise Misconfigured(
                f"{self.contract.type} has a field {min(taken)}, which names where a row comes "
                "from in the warehouse: give the field another name"
            )
        return [*LINEAGE, *own]

    @property
    def structure(self) -> str | None:
        """How the columns arrive, where that is not how they are kept: Arrow's maps are read as
        lists of entries. None where they arrive as they are."""
        fields = self.contract.shape.fields
        if not any(_has_map(each.shape) for each in fields):
            return None
        own = [Column(each.name, column_type(each.shape, maps=_ENTRIES)) for each in fields]
        return ", ".join(f"{quoted(each.name)} {each.type}" for each in [*LINEAGE, *own])

    def create(self) -> str:
        listed = ",\n    ".join(_declared(each) for each in self.columns)
        about = literal(f"{self.contract.type}: {self.contract.schema.get('doc', '')}")
        return (
            f"CREATE TABLE IF NOT EXISTS {quoted(self.rows)}\n(\n    {listed}\n)\n"
            f"ENGINE = ReplacingMergeTree\n"
            f"ORDER BY ({TOPIC_ID}, {PARTITION}, {OFFSET})\n"
            f"SETTINGS non_replicated_deduplication_window = {REMEMBERED_INSERTS}\n"
            f"COMMENT {about}"
        )

    def view(self) -> str:
        return (
            f"CREATE OR REPLACE VIEW {quoted(self.name)} AS SELECT * FROM {quoted(self.rows)} FINAL"
        )

    def changes(self, found: Mapping[str, str]) -> Sequence[str]:
        """What turns a table with these columns (name to type) into this one: columns that came
        with a newer contract. Raises Misconfigured where a column has another type."""
        added: list[str] = []
        for each in self.columns:
            known = found.get(each.name)
            if known is None:
                added.append(f"ADD COLUMN IF NOT EXISTS {_declared(each)}")
            elif _plain(known) != _plain(each.type):
                added.append(f"MODIFY COLUMN {self._widened(each, known)}")
        return [f"ALTER TABLE {quoted(self.rows)} {', '.join(added)}"] if added else []

    def _widened(self, column: Column, known: str) -> str:
        """Records inside of a field may have got fields of their own; nothing else may change."""
        if not _words(known) <= _words(column.type) or "Tuple" not in known:
            raise Misconfigured(
                f"the column {column.name} of {self.rows} is {known} and the contract calls for "
                f"{column.type}: a changed type is a new major version of the fact"
            )
        return _declared(column)

    def data(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row's own fields as the codec gives a fact's data."""
        return {
            each.name: raised(each.shape, row[each.name]) for each in self.contract.shape.fields
        }


def table_name(fact: str, major: int) -> str:
    """Of a fact by its full name."""
    namespace, _, name = fact.rpartition(".")
    words = [each for each in (namespace.rpartition(".")[2], snake_case(name)) if each]
    return "_".join([*words, *([f"v{major}"] if major > 1 else [])])


def lineage(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns in front, of a row as it was read."""
    return {
        each.name: text(row[each.name]) if "String" in each.type else row[each.name]
        for each in LINEAGE
    }


_MAP = "Map(String, {})"
_ENTRIES = "Array(Tuple(key String, value {}))"


def column_type(shape: Shape, maps: str = _MAP) -> str:
    """ClickHouse's type for a shape. What is optional and no plain value is a list of none or one,
    for ClickHouse has no NULL there."""
    match shape:
        case Leaf():
            return _leaf(shape)
        case Nullable(Leaf() as inner):
            if inner.kind == "enum":
                return "LowCardinality(Nullable(String))"
            return f"Nullable({_leaf(inner)})"
        case Nullable(inner) | Array(inner):
            return f"Array({column_type(inner, maps)})"
        case Map(values):
            return maps.format(column_type(values, maps))
        case Record():
            fields = [
                f"{quoted(each.name)} {column_type(each.shape, maps)}" for each in shape.fields
            ]
            return f"Tuple({', '.join(fields)})"


def _has_map(shape: Shape) -> bool:
    match shape:
        case Leaf():
            return False
        case Nullable(inner) | Array(inner):
            return _has_map(inner)
        case Map():
            return True
        case Record():
            return any(_has_map(each.shape) for each in shape.fields)


def raised(shape: Shape, value: Any) -> Any:
    """What a column gives as a fact's own data."""
    match shape:
        case Leaf():
            return _raised(shape, value)
        case Nullable(Leaf() as inner):
            return None if value is None else raised(inner, value)
        case Nullable(inner):
            return raised(inner, value[0]) if value else None
        case Array(items):
            return [raised(items, each) for each in value]
        case Map(values):
            return {text(key): raised(values, each) for key, each in value.items()}
        case Record():
            return {each.name: raised(each.shape, value[each.name]) for each in shape.fields}


def _raised(leaf: Leaf, value: Any) -> Any:
    if leaf.kind == "string":
        return text(value)
    return text(value) if leaf.kind == "enum" else value


def text(value: Any) -> str:
    """Texts may come as their bytes, for ClickHouse does not tell them from bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)


def quoted(name: str) -> str:
    """A name as ClickHouse reads it, where it is no plain word."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _about(field: Field) -> str:
    return f"{field.doc} [personal data]".strip() if PII in field.tags else field.doc


def _declared(column: Column) -> str:
    comment = f" COMMENT {literal(column.comment)}" if column.comment else ""
    return f"{quoted(column.name)} {column.type}{comment}"


_PLAIN = {
    "boolean": "Bool",
    "int": "Int32",
    "long": "Int64",
    "float": "Float32",
    "double": "Float64",
    "string": "String",
    "bytes": "String",
    "enum": "LowCardinality(String)",  # a word more must not change the type
    "timestamp-micros": "DateTime64(6, 'UTC')",
    "date": "Date32",
    "uuid": "UUID",
}


def _leaf(leaf: Leaf) -> str:
    if leaf.logical == "decimal":
        return f"Decimal({leaf.precision}, {leaf.scale})"
    if leaf.kind == "fixed":
        return f"FixedString({leaf.size})"
    return _PLAIN[leaf.logical or leaf.kind]


def _plain(text: str) -> str:
    return text.replace("`", "").replace(" ", "")


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w.]+", text.replace("`", "")))
