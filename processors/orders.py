"""orders: each order with its lines, its total and whether it was cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from backbone.fact import Fact
from processors.view import Document

PLACED = "shop.sales.OrderPlaced"
CANCELLED = "shop.sales.OrderCancelled"


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
        before = state or {"order_id": fact.data["order_id"], "status": "placed", "lines": []}
        return {**before, **_CHANGES[fact.type](before, fact.data)}


def _placed(before: Document, data: Mapping[str, Any]) -> dict[str, Any]:
    lines = [
        {
            "stock_code": line["stock_code"],
            "description": line["description"],
            "quantity": line["quantity"],
            "unit_price": line["unit_price"],
        }
        for line in data["lines"]
    ]
    total = sum((line["quantity"] * line["unit_price"] for line in lines), Decimal(0))
    return {
        "status": before["status"],
        "placed_at": data["placed_at"],
        "country": data["country"],
        "currency": data["currency"],
        "lines": lines,
        "total": total,
    }


def _cancelled(_: Document, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "status": "cancelled",
        "cancelled_at": data["cancelled_at"],
        "reason": data["reason"],
    }


_CHANGES = {PLACED: _placed, CANCELLED: _cancelled}
