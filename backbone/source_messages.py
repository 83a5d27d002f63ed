"""A source's batch as messages: a fact to its topic, a reject to the dead letters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from backbone import dead_letters
from backbone.contracts.catalog import Contracts
from backbone.envelope import to_headers
from backbone.errors import Fatal, Poison, PoisonReason
from backbone.fact import Fact, Origin
from backbone.log import Message
from backbone.record import Headers
from backbone.source import Batch, Reject
from backbone.straight_messages import StraightMessages, Writers

_AT_ONCE = 5_000
"""Inputs whose messages are made together."""
FRAMING_BYTES = 512
"""Room for what a record costs beside key, value and headers (record and batch framing)."""


class Encoder(Writers, Protocol):
    """The codec, as far as a source needs it."""

    def encode(self, fact: Fact) -> bytes: ...


class Tracing(Protocol):
    """Spans of what a source publishes; see `backbone.tracing.source_spans`."""

    def creating(self, make: Callable[[Fact], Message]) -> Callable[[Fact], Message]:
        """Called once per batch; gives `make` with a span around it for each traced fact."""

    def publishing(self, messages: Sequence[Message]) -> AbstractContextManager[None]:
        """Around the transaction of the messages that were made since `creating`."""


class SourceMessages:
    """Makes some at a time, for they go out while the next ones are made. What is refused is left
    in `rejects`, and its dead letters come last. `max_bytes`: the largest record of each topic."""

    def __init__(
        self, name: str, contracts: Contracts, encoder: Encoder, max_bytes: Mapping[str, int]
    ) -> None:
        self._name = name
        self._contracts = contracts
        self._encoder = encoder
        self._max_bytes = max_bytes
        self._straight = StraightMessages(contracts, encoder, max_bytes)

    def ready(self, types: Sequence[str]) -> None:
        """Called once the contracts were checked, before the first batch."""
        self._straight.ready(types)

    def straight(self, batch: Batch) -> Sequence[Message | None]:
        """The messages of all inputs that are in order; None where the fact must be made. Other
        threads may call it, for some batches while one before them goes out."""
        made: list[Message | None] = []
        for first in range(0, batch.size, _AT_ONCE):
            end = min(first + _AT_ONCE, batch.size)
            made += self._straight.messages(batch.drafts(first, end), end - first)
        return made

    def all(
        self, batch: Batch, straight: Sequence[Message | None], rejects: list[Reject]
    ) -> Iterator[Message]:
        """Every input as a message: a fact to its topic, a reject to the dead letters. `straight`
        has those that were made beforehand."""
        inputs = batch.inputs()
        for place, known in enumerate(straight):
            message = known or self._made(batch.make(inputs[place]), self._message, rejects)
            if message is not None:
                yield message
        yield from self._letters(rejects)

    def all_traced(
        self, batch: Batch, rejects: list[Reject], tracing: Tracing
    ) -> Iterator[Message]:
        """The same with a span around each traced fact."""
        create = tracing.creating(self._message)
        for each in batch.inputs():
            message = self._made(batch.make(each), create, rejects)
            if message is not None:
                yield message
        yield from self._letters(rejects)

    def again(self, made: Fact | Reject, marks: Headers) -> tuple[Message, Reject | None]:
        """An input that was rejected before: its fact, or its dead letter with these `marks`."""
        rejects: list[Reject] = []
        message = self._made(made, self._message, rejects)
        if message is not None:
            return message, None
        reject = replace(rejects[0], marks=marks)
        return dead_letters.from_reject(self._name, reject, datetime.now(UTC)), reject

    def _letters(self, rejects: Sequence[Reject]) -> Iterator[Message]:
        now = datetime.now(UTC)
        for reject in rejects:
            yield dead_letters.from_reject(self._name, reject, now)

    @staticmethod
    def _made(
        made: Fact | Reject, message: Callable[[Fact], Message], rejects: list[Reject]
    ) -> Message | None:
        if isinstance(made, Reject):
            rejects.append(made)
            return None
        try:
            return message(made)
        except Poison as poison:
            rejects.append(Reject(_origin(made), poison, made.type))
            return None

    def _message(self, fact: Fact) -> Message:
        contract = self._contracts[fact.type]
        if fact.envelope.source != contract.system_of_record:
            raise Poison(
                PoisonReason.NOT_OWNER,
                f"{contract.name} belongs to {contract.system_of_record}, this one comes from "
                f"{fact.envelope.source}: publish it there, or change the contract's owner",
            )
        message = Message(
            contract.topic,
            fact.key.encode(),
            self._encoder.encode(fact),
            to_headers(fact.envelope, contract.ce_type),
        )
        size, most = _size(message), self._max_bytes[contract.topic]
        if size > most:
            raise Poison(
                PoisonReason.TOO_LARGE,
                f"the fact takes {size} bytes and {contract.topic} takes {most}: "
                "split it, or raise the topic's max.message.bytes",
            )
        return message


def _origin(fact: Fact) -> Origin:
    if fact.origin is None:
        raise Fatal(f"a source gave a {fact.type} without its origin: a reject would lose its row")
    return fact.origin


def _size(message: Message) -> int:
    size = len(message.key or b"") + len(message.value or b"") + FRAMING_BYTES
    for name, value in message.headers:
        size += len(name) + len(value or b"") + 8
    return size
