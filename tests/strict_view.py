"""A strict fold over orders that tells in which order its facts were applied, and what fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from backbone.dead_letter_reading import DeadLetter
from backbone.fact import Fact
from backbone.log import Message
from backbone.memory.reader import MemoryReader
from backbone.replay.messages import of_letter
from backbone.replay.outcomes import Report
from backbone.replay.retry_headers import Run
from processors.orders import CANCELLED, PLACED
from processors.view import Document
from tests.view_bench import START, Bench

RUN = Run("r1", "tester")


@dataclass
class Trail:
    """The log offsets of the facts of each order, as they were applied. Placing fails in the
    countries that are not `mended`."""

    bad: set[str] = field(default_factory=lambda: {"France"})
    strict: bool = True
    passes_over: frozenset[str] = frozenset()
    name: str = "trail"
    version: int = 1
    topic: str = "sales.order.v1"
    key: str = "order_id"
    example: str = "1"
    freshness_seconds: int = 60
    description: str = "Where the facts of an order stood."
    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        PLACED: ("order_id", "country"),
        CANCELLED: ("order_id",),
    }

    def apply(self, state: Document | None, fact: Fact) -> Document | None:
        if fact.type == PLACED and fact.data["country"] in self.bad:
            raise ValueError
        assert fact.position is not None
        return {"trail": [*(state or {"trail": []})["trail"], fact.position.offset]}


def place(bench: Bench, order: str, country: str = "Greece") -> None:
    line = {"stock_code": "A", "description": None, "quantity": 1, "unit_price": Decimal(1)}
    known: dict[str, Any] = {"customer_id": None, "currency": "GBP", "lines": [line]}
    bench.publish(PLACED, order, order_id=order, placed_at=START, country=country, **known)


def cancel(bench: Bench, order: str) -> None:
    bench.publish(CANCELLED, order, order_id=order, cancelled_at=START, reason=None)


def spoil(bench: Bench, order: str) -> None:
    """A record that nobody can read."""
    bench.append(Message(bench.view.topic, order.encode(), b"\0\0\0", []))


def letters(bench: Bench) -> list[DeadLetter]:
    return [*map(DeadLetter.of, MemoryReader(bench.log).scan(f"dlq.{bench.view.name}"))]


def replay(bench: Bench, *numbers: int) -> None:
    """Letters by their numbers; all where none is given."""
    found = letters(bench)
    for number in numbers or range(len(found)):
        letter = found[number]
        assert letter.origin is not None
        bench.append(of_letter(bench.view.name, letter, letter.origin, RUN))


def told(bench: Bench) -> list[tuple[str, str | None]]:
    records = MemoryReader(bench.log).scan(f"replayed.{bench.view.name}")
    found = [told for each in records for told in Report.from_bytes(each.value or b"").told]
    return [(str(each.became), each.code) for each in found]


def trails(bench: Bench) -> dict[str, list[int]]:
    return {key: value["trail"] for key, value in bench.served().items()}


def held(bench: Bench) -> list[int]:
    """The offsets of dead letters and of what waits behind them."""
    return sorted(bench.views.writer().held(bench.id, 0))
