"""orders: each order with its lines, its total and whether it was cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import mul
from typing import Any, ClassVar, cast

from backbone.fact import Fact
from generated.facts.shop.sales.order_cancelled import ORDER_CANCELLED, OrderCancelled
from generated.facts.shop.sales.order_placed import ORDER_PLACED, OrderPlaced
from processors.view import Document, Reads

PLACED = ORDER_PLACED
CANCELLED = ORDER_CANCELLED
_LINE = ("stock_code", "description", "quantity", "unit_price")
_LINE_READS = tuple(f"lines.{member}" for member in _LINE)


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
    reads: ClassVar[Reads] = {
        PLACED: ("placed_at", "country", "currency", *_LINE_READS),
        CANCELLED: ("cancelled_at", "reason"),
    }
    serves: ClassVar[Mapping[str, Reads]] = {
        "order_id": {PLACED: (), CANCELLED: ()},
        "status": {PLACED: (), CANCELLED: ()},
        "placed_at": {PLACED: ("placed_at",)},
        "country": {PLACED: ("country",)},
        "currency": {PLACED: ("currency",)},
        **{field: {PLACED: (field,)} for field in _LINE_READS},
        "total": {PLACED: ("lines.quantity", "lines.unit_price")},
        "cancelled_at": {CANCELLED: ("cancelled_at",)},
        "reason": {CANCELLED: ("reason",)},
    }

    def apply(self, state: Document | None, fact: Fact) -> Document | None:
        before = state or {"order_id": fact.key, "status": "placed", "lines": []}
        return {**before, **_CHANGES[fact.type](before, fact)}


def _placed(before: Document, fact: Fact) -> dict[str, Any]:
    data = cast("OrderPlaced", fact.data)
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
    data = cast("OrderCancelled", fact.data)
    return {
        "status": "cancelled",
        "cancelled_at": fact.shown("cancelled_at"),
        "reason": data["reason"],
    }


_CHANGES = {PLACED: _placed, CANCELLED: _cancelled}
