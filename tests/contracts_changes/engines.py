"""Three readers of Avro: each decodes what one schema wrote with another."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import avro.io
import avro.schema
from fastavro import parse_schema, schemaless_reader, schemaless_writer

from backbone.codec.columnar_engine import columnar
from backbone.codec.row_engine import RowDecoder
from backbone.contracts.safety import safe_shape
from backbone.errors import Poison, PoisonReason
from backbone.impact.outline import outline
from backbone.impact.revision import Revision
from tests.contracts_changes.change_case import ChangeCase, Payloads, contract_of

Read = Callable[[Revision, Revision, Sequence[bytes]], list[Any]]
"""Writer, reader, payloads: each as read, or the error."""


def written(revision: Revision, payloads: Payloads) -> list[bytes]:
    schema = parse_schema(dict(revision.schema))
    found = []
    for each in payloads:
        stream = BytesIO()
        schemaless_writer(stream, schema, _datum(each, revision.schema))
        found.append(stream.getvalue())
    return found


def _datum(value: Any, declared: Any) -> Any:
    """A payload's JSON as fastavro takes it."""
    if isinstance(declared, list):
        return None if value is None else _datum(value, next(x for x in declared if x != "null"))
    inner: dict[str, Any] = declared if isinstance(declared, dict) else {"type": declared}
    match inner["type"]:
        case "record":
            members = {each["name"]: each["type"] for each in inner["fields"]}
            return {name: _datum(value[name], kind) for name, kind in members.items()}
        case "array":
            return [_datum(each, inner["items"]) for each in value]
        case "map":
            return {name: _datum(each, inner["values"]) for name, each in value.items()}
    return _LEAVES.get(inner.get("logicalType", inner["type"]), _as_it_is)(value)


def _as_it_is(value: Any) -> Any:
    return value


def _bytes(value: str) -> bytes:
    return value.encode("latin-1")


_LEAVES: Mapping[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "timestamp-micros": datetime.fromisoformat,
    "timestamp-millis": datetime.fromisoformat,
    "date": date.fromisoformat,
    "bytes": _bytes,
    "fixed": _bytes,
}


def fastavro(writer: Revision, reader: Revision, payloads: Sequence[bytes]) -> list[Any]:
    theirs, own = (parse_schema(dict(each.schema)) for each in (writer, reader))
    return [
        _tried(lambda data: schemaless_reader(BytesIO(data), theirs, own), each)
        for each in payloads
    ]


def apache(writer: Revision, reader: Revision, payloads: Sequence[bytes]) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of logical types that it does not know
        schemas = [avro.schema.parse(each.text) for each in (writer, reader)]
        decode = avro.io.DatumReader(*schemas)
        return [
            _tried(lambda data: decode.read(avro.io.BinaryDecoder(BytesIO(data))), each)
            for each in payloads
        ]


def ours(folder: Path) -> Read:
    """As the codec does it: in columns where that is possible, else fact by fact."""

    def read(writer: Revision, reader: Revision, payloads: Sequence[bytes]) -> list[Any]:
        contract = contract_of(reader, folder)
        if contract is None:
            raise Poison(PoisonReason.SCHEMA_REFUSED, "the contract is not sound")
        shape = safe_shape(writer.schema)
        if shape.name != contract.type:
            raise Poison(PoisonReason.UNEXPECTED_FACT, "another fact")
        columns = columnar(writer.schema, shape, contract)
        if columns is None:
            rows = RowDecoder(writer.schema, shape, contract)
            return [_tried(rows.decode, each) for each in payloads]
        found = columns.decode(payloads)
        values = dict(found.rows())
        return [values.get(at, found.poisons.get(at)) for at in range(len(payloads))]

    return read


def _tried(read: Callable[[bytes], Any], data: bytes) -> Any:
    try:
        return read(data)
    except Exception as error:  # noqa: BLE001 - whatever it is, the engine refuses
        return error


def outcome(case: ChangeCase, writer: str, read: Read) -> str:
    """What becomes of payloads that the schema called `writer` ("old", "new") wrote, when the other
    one reads them: same, changed (read, and a value that both have is another), refused; several
    where payloads differ."""
    theirs, reader = (case.old, case.new) if writer == "old" else (case.new, case.old)
    try:
        payloads = written(theirs, case.payloads[writer])
        before = read(theirs, theirs, payloads)
        after = read(theirs, reader, payloads)
    except Exception:  # noqa: BLE001 - the schemas themselves are refused
        return "refused"
    aliases = _aliases(theirs, reader)
    found = {_outcome(one, other, aliases) for one, other in zip(before, after, strict=True)}
    return "+".join(each for each in ("same", "changed", "refused") if each in found)


def _outcome(before: Any, after: Any, aliases: Mapping[str, str]) -> str:
    if isinstance(before, Exception) or isinstance(after, Exception):
        return "refused"
    moved = {aliases.get(name, name): value for name, value in before.items()}
    return "same" if _agree(moved, after) else "changed"


def _aliases(writer: Revision, reader: Revision) -> dict[str, str]:
    """Old names of top-level fields, by which the reader asks for them under new ones."""
    return {
        alias: node.path
        for node in outline(reader.schema).values()
        for alias in node.aliases
        if alias in writer.outline and "." not in node.path
    }


def _agree(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_agree(one[name], other[name]) for name in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_agree(a, b) for a, b in pairs)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6)
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value
