"""Codec: facts to framed bytes and back, by contract and registry."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backbone.codec.engine import Decoder, Engine
from backbone.codec.framing import frame, unframe
from backbone.codec.row_engine import RowDecoder, RowEncoder
from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import LOG_ORDER, Contract
from backbone.contracts.domain import micros
from backbone.contracts.safety import safe_shape, schema_of
from backbone.errors import Misconfigured, Poison, PoisonReason
from backbone.fact import Fact
from backbone.registry.port import Registry

# An id may be read a moment before the registry's follower has it; ask again soon, not per record.
UNKNOWN_ID_SECONDS = 5.0
# Ids nobody registered can be forged without end; forgetting them all costs one question each.
_MAX_REFUSED = 10_000


class Codec:
    """Made once per process. Decoding asks the registry once per schema id, encoding never."""

    def __init__(
        self,
        contracts: Contracts,
        registry: Registry,
        *,
        engine: Engine = RowDecoder,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._contracts = contracts
        self._registry = registry
        self._engine = engine
        self._clock = clock
        self._writers: dict[str, tuple[int, RowEncoder]] = {}
        self._readers: dict[tuple[str, int], tuple[str, Decoder]] = {}
        self._refused: dict[tuple[str, int], tuple[float, PoisonReason, str]] = {}

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

    def decode(self, value: bytes | None, topic: str) -> tuple[str, dict[str, Any]]:
        """Give the record's full name and its data, with the fields of our own contract.

        Raises Poison for whatever will never be readable, and Transient while the registry is
        away and has not been asked about this schema id yet.
        """
        schema_id, payload = unframe(value)
        reader = self._readers.get((topic, schema_id)) or self._reader(topic, schema_id)
        return reader[0], reader[1].decode(payload)

    def order_version(self, type_name: str, data: Mapping[str, Any], offset: int) -> int:
        """Give what orders the facts of one key: the contract's field, or the log offset."""
        order = self._contracts[type_name].order
        if order == LOG_ORDER:
            return offset
        value = data[order]
        return value if isinstance(value, int) else micros(value)

    def _contract(self, name: str) -> Contract:
        if name not in self._contracts:
            raise Misconfigured(f"there is no contract {name}: add it below avro/")
        return self._contracts[name]

    def _reader(self, topic: str, schema_id: int) -> tuple[str, Decoder]:
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

    def _make_reader(self, topic: str, schema_id: int) -> tuple[str, Decoder]:
        text = self._registry.schema(schema_id)
        if text is None:
            raise Poison(
                PoisonReason.UNKNOWN_SCHEMA,
                f"the schema registry does not know schema id {schema_id}: the record was written "
                "against another registry, or its value is forged",
            )
        schema = schema_of(text)
        shape = safe_shape(schema)
        ours = {contract.type: contract for contract in self._contracts.of_topic(topic)}
        if shape.name not in ours:
            raise Poison(
                PoisonReason.UNEXPECTED_FACT,
                f"{topic} carries {', '.join(ours) or 'no facts'}, this is a {shape.name}",
            )
        return shape.name, self._engine(schema, shape, ours[shape.name])

    def _remember(self, topic: str, schema_id: int, poison: Poison) -> None:
        soon = poison.reason is PoisonReason.UNKNOWN_SCHEMA
        until = self._clock() + UNKNOWN_ID_SECONDS if soon else math.inf
        if len(self._refused) >= _MAX_REFUSED:
            self._refused.clear()
        self._refused[topic, schema_id] = (until, poison.reason, str(poison))
