"""orders: each order with its lines, its total and whether it was cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import mul
from typing import Any, ClassVar

from backbone.fact import Fact
from processors.view import Document

PLACED = "shop.sales.OrderPlaced"
CANCELLED = "shop.sales.OrderCancelled"
_LINE = ("stock_code", "description", "quantity", "unit_price")


@dataclass(frozen=True, slots=True)
class Orders:
    """A fold over the order's own topic. A cancel is final; one without an order is kept too, as
    an order of which nothing else is known. Who bought is not part of it: no reader needs that."""

    name: str = "orders"
    version: int = 1
    topic: str = "sales.order.v1"
    key: str = "order_id"
    example: str = "536800"
    freshness_seconds: int = 60
    description: str = "Each order with its lines, its total and whether it was cancelled."
    reads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        PLACED: ("order_id", "placed_at", "country", "currency", "lines"),
        CANCELLED: ("order_id", "cancelled_at", "reason"),
    }

    def apply(self, state: Document | None, fact: Fact) -> Document | None:
        before = state or {"order_id": fact.key, "status": "placed", "lines": []}
        return {**before, **_CHANGES[fact.type](before, fact)}


def _placed(before: Document, fact: Fact) -> dict[str, Any]:
    data = fact.data
    total = sum(
        map(mul, fact.each("lines", "quantity"), fact.each("lines", "unit_price")), Decimal(0)
    )
    return {
        "status": before["status"],
        "placed_at": fact.shown("placed_at"),
        "country": data["country"],
        "currency": data["currency"],
        "lines": fact.shown("lines", *_LINE),
        "total": str(total),
    }


def _cancelled(_: Document, fact: Fact) -> dict[str, Any]:
    return {
        "status": "cancelled",
        "cancelled_at": fact.shown("cancelled_at"),
        "reason": fact.data["reason"],
    }


_CHANGES = {PLACED: _placed, CANCELLED: _cancelled}
