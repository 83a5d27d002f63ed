"""The row engine: fastavro, one payload at a time, behind the checks that it lacks.

fastavro is imported in this module alone. Given hostile bytes it raises half a dozen of Python's
own errors; here they all become Poison.
"""

from io import BytesIO
from typing import Any

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.read import SchemaResolutionError
from fastavro.types import Schema

from backbone.codec.meaning import refuse_other_meanings
from backbone.codec.raw import compile_lift, without_logical_types
from backbone.codec.straight_encoder import straight_encoder
from backbone.codec.varints import compile_check
from backbone.contracts.contract import Contract
from backbone.contracts.cross_rules import cross_rule_of
from backbone.contracts.domain import accept
from backbone.contracts.parse import broken
from backbone.contracts.rules import rule_of
from backbone.contracts.shape import Record
from backbone.contracts.walk import Leaves, Unfit, compile_walk
from backbone.errors import Poison, PoisonReason

# Four times what a fact topic takes. Decoding is linear in the payload, so this bounds its time
# and memory too.
MAX_PAYLOAD_BYTES = 4 * 1024 * 1024


class RowDecoder:
    """An engine's Decoder (backbone/codec/engine.py)."""

    def __init__(self, writer: Any, shape: Record, contract: Contract) -> None:
        self._name = contract.name
        self._writer = _parsed(writer)
        self._refuse_overlong = compile_check(shape)
        self._lift = compile_lift(shape)
        # A fact of another version is decoded as it was written, for every byte of it must be
        # sound, and then once more into our contract's fields.
        differs = shape != contract.shape
        refuse_other_meanings(shape, contract.shape)
        self._reader = _parsed(dict(contract.schema)) if differs else None
        self._lift_ours = compile_lift(contract.shape)

    def decode(self, payload: bytes) -> dict[str, Any]:
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise Poison(
                PoisonReason.TOO_LARGE,
                f"the payload has {len(payload):,} bytes, at most {MAX_PAYLOAD_BYTES:,} are read",
            )
        raw = self._read(payload, None)
        try:
            data: dict[str, Any] = self._lift(raw)
            if self._reader is not None:
                data = self._lift_ours(self._read(payload, self._reader))
        except Unfit as unfit:
            raise broken(self._name, unfit, PoisonReason.OUT_OF_DOMAIN) from None
        return data

    def _read(self, payload: bytes, reader: Schema | None) -> Any:
        stream = BytesIO(payload)
        try:
            raw = schemaless_reader(stream, self._writer, reader)
            self._refuse_overlong(payload)
        except SchemaResolutionError as error:
            raise Poison(
                PoisonReason.SCHEMA_REFUSED,
                f"the writer's schema of this {self._name} cannot be read with our contract: "
                f"{error}",
            ) from None
        except Exception as error:  # noqa: BLE001 - hostile bytes: a dozen kinds, one meaning
            raise Poison(
                PoisonReason.UNDECODABLE,
                f"the payload of {len(payload)} bytes is no {self._name}: it is damaged, cut "
                f"off, or written with another schema ({type(error).__name__})",
            ) from None
        left = len(payload) - stream.tell()
        if left:
            raise Poison(
                PoisonReason.TRAILING_BYTES,
                f"{left} bytes are left over behind the {self._name}",
            )
        return raw


class RowEncoder:
    """Writes the facts of one contract."""

    def __init__(self, contract: Contract) -> None:
        self._name = contract.name
        self._check = compile_walk(contract.shape, Leaves(accept, rule_of, cross_rule_of))
        self._straight = straight_encoder(contract.shape)
        # A UUID is text in our domain; fastavro's logical type would ask for an object.
        schema = without_logical_types(dict(contract.schema), frozenset({"uuid"}))
        self._schema = parse_schema(schema)

    def encode(self, data: Any) -> bytes:
        """Give the payload. Raises Poison(INVALID) that names every violation."""
        payload = self._written_straight(data)
        if payload is not None:
            return payload
        try:
            accepted = self._check(data)
        except Unfit as unfit:
            raise broken(self._name, unfit) from None
        stream = BytesIO()
        schemaless_writer(stream, self._schema, accepted)
        return stream.getvalue()

    def _written_straight(self, data: Any) -> bytes | None:
        if self._straight is None:
            return None
        try:
            payload: bytes | None = self._straight(data)
        except Exception:  # noqa: BLE001 - whatever it was, the walk names it
            return None
        return payload


def _parsed(schema: Any) -> Schema:
    try:
        return parse_schema(without_logical_types(schema))
    except Exception as error:
        raise Poison(
            PoisonReason.SCHEMA_REFUSED, f"the writer's schema is refused: {error}"
        ) from error
