"""From a record of the new topic to the old fact, the same whenever it is done again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backbone.contracts.catalog import Contracts
from backbone.errors import Misconfigured, Poison, PoisonReason
from backbone.fact import Envelope, Fact, Origin
from backbone.record import Record
from backbone.recorded_fact import Decoder, fact_of
from backbone.source import Reject
from producers.bridge.declaration import Bridge


@dataclass(frozen=True)
class Carrying:
    bridge: Bridge
    contracts: Contracts

    def __post_init__(self) -> None:
        """Raises Misconfigured for facts that are none, and for majors of one topic."""
        for name in (self.bridge.new, self.bridge.old):
            if name not in self.contracts:
                raise Misconfigured(f"the bridge {self.bridge.name} names {name}: no such fact")
        if self.topic == self.contracts[self.bridge.old].topic:
            raise Misconfigured(
                f"the bridge {self.bridge.name} leads from {self.topic} to itself: "
                "a new major has a topic of its own"
            )

    @property
    def topic(self) -> str:
        """Which is read."""
        return self.contracts[self.bridge.new].topic

    def carried(self, record: Record, decoder: Decoder) -> Fact | Reject | None:
        """None for other facts of the topic, and where there is nothing to tell. Raises Transient
        while the registry is away."""
        partitions = self.contracts[self.bridge.new].partitions
        try:
            fact = fact_of(record, decoder, partitions)
            return None if fact.type != self.bridge.new else self._carried(fact, record)
        except Poison as poison:
            return Reject(_origin(record), poison, self.bridge.old)

    def _carried(self, fact: Fact, record: Record) -> Fact | None:
        data = self._data(fact.data)
        if data is None:
            return None
        old = self.contracts[self.bridge.old]
        if data.get(old.key) != fact.key:  # else facts of one key would come in another order
            raise Poison(PoisonReason.INVALID, f"{old.key}: the bridge must keep the key")
        envelope = self._envelope(fact.envelope, record)
        return Fact(old.type, fact.key, data, envelope, _origin(record))

    def _data(self, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
        try:
            return self.bridge.carry(data)
        except Exception as error:  # noqa: BLE001 - whatever it raises; what it says may quote the fact
            raise Poison(
                PoisonReason.HANDLER_FAILED,
                f"the bridge {self.bridge.name} raised {type(error).__name__}",
            ) from None

    def _envelope(self, new: Envelope, record: Record) -> Envelope:
        """Its id follows from the new fact's: whoever sees it twice knows it."""
        position = record.position
        return Envelope(
            id=str(uuid5(NAMESPACE_URL, f"{self.bridge.name}:{new.source}:{new.id}")),
            source=self.contracts[self.bridge.old].system_of_record,
            time=new.time,
            sequence=f"{self.mark}{position.partition:05d}:{position.offset:020d}",
            subject=new.subject,
            correlation_id=new.correlation_id,
            causation_id=new.id,
            traceparent=new.traceparent,
            tracestate=new.tracestate,
        )

    @property
    def mark(self) -> str:
        """What the sequence of every carried fact begins with."""
        return f"{self.bridge.name}:"


def _origin(record: Record) -> Origin:
    return Origin(str(record.position), record.value or b"", record.key)
