"""Orders of five lines, one in ten of them cancelled."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from backbone.documents import render
from backbone.fact import Envelope, Fact

PLACED = "shop.sales.OrderPlaced"
CANCELLED = "shop.sales.OrderCancelled"
TOPIC = "sales.order.v1"
SOURCE = "/services/shop"
LINES = 5
_SEED = 20_101_201
_START = datetime(2010, 12, 1, tzinfo=UTC)
_CANCELLED = 0.1
_SHOWN = ("placed_at", "country", "currency", "lines")


def order_facts(count: int, lines: int = LINES) -> Iterator[Fact]:
    """`count` facts in all, placed and cancelled."""
    draw = random.Random(_SEED)  # noqa: S311 - repeatable, not secret
    number, given = 0, 0
    while given < count:
        order, at = f"{500_000 + number}", _START + timedelta(seconds=number)
        yield _fact(PLACED, order, _placed(draw, order, at, lines), given, draw)
        number, given = number + 1, given + 1
        if given < count and draw.random() < _CANCELLED:
            cancelled = {"order_id": order, "cancelled_at": at, "reason": "customer changed mind"}
            yield _fact(CANCELLED, order, cancelled, given, draw)
            given += 1


def _fact(name: str, order: str, data: dict[str, Any], number: int, draw: random.Random) -> Fact:
    identity = str(UUID(int=draw.getrandbits(128), version=4))
    at = data.get("placed_at") or data["cancelled_at"]
    return Fact(name, order, data, Envelope(identity, SOURCE, at, f"{number:020d}"))


def _placed(draw: random.Random, order: str, at: datetime, lines: int) -> dict[str, Any]:
    return {
        "order_id": order,
        "placed_at": at,
        "customer_id": f"{10_000 + draw.randrange(9_000)}",
        "country": "United Kingdom",
        "currency": "GBP",
        "lines": [
            {
                "stock_code": f"A{draw.randrange(20_000):05d}",
                "description": "WHITE HANGING HEART T-LIGHT HOLDER",
                "quantity": draw.randrange(1, 50),
                "unit_price": Decimal(draw.randrange(1, 10**5)).scaleb(-2),
            }
            for _ in range(lines)
        ],
    }


class FoldedOrders:
    """What the view must hold in the end: told fact by fact, in the plainest way."""

    def __init__(self) -> None:
        self._orders: dict[str, dict[str, Any]] = {}

    def add(self, fact: Fact) -> None:
        blank = {"order_id": fact.key, "status": "placed", "lines": []}
        order = self._orders.setdefault(fact.key, blank)
        if fact.type == CANCELLED:
            told = {name: fact.data[name] for name in ("cancelled_at", "reason")}
            order |= {"status": "cancelled"} | render(told)
            return
        exact = [
            line | {"unit_price": line["unit_price"].quantize(Decimal("0.0001"))}
            for line in fact.data["lines"]
        ]
        total = sum((each["quantity"] * each["unit_price"] for each in exact), Decimal(0))
        kept = {name: fact.data[name] for name in _SHOWN} | {"lines": exact, "total": total}
        order |= render(kept)

    def documents(self) -> dict[str, Any]:
        return dict(self._orders)
