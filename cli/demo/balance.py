"""The demo's balance: what was read, published, rejected and served, counted independently.

Nothing here uses the views' code: the committed records are read again from the beginning and
folded in the plainest way, and compared with every answer of the gateway.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from backbone.codec.codec import Codec
from backbone.cursor_record import CursorRecord
from backbone.dead_letters import topic_of
from backbone.documents import render
from backbone.log import Reader
from backbone.topics import cursor_topic

PRICES_TOPIC = "pricing.price.v1"
ORDERS_TOPIC = "sales.order.v1"

Documents = dict[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SourceBalance:
    """One source: what its cursor says, and what stands in the topics."""

    source: str
    read: int
    published: int
    rejected: int
    in_topic: int
    in_dead_letters: int
    mended: int

    @property
    def balances(self) -> bool:
        return (
            self.read == self.published + self.rejected
            and self.published + self.mended == self.in_topic
            and self.rejected == self.in_dead_letters
        )


@dataclass(frozen=True, slots=True)
class ViewBalance:
    """One view: the independent fold against what the gateway serves."""

    view: str
    expected: int
    served: int
    differing: tuple[str, ...]

    @property
    def balances(self) -> bool:
        return self.expected == self.served and not self.differing


def cursor(reader: Reader, source: str) -> CursorRecord:
    """The newest cursor record of a source, all zero where there is none yet."""
    newest = reader.newest(cursor_topic(source), 0)
    return CursorRecord.from_bytes(newest) if newest else CursorRecord({}, 0, 0, 0)


def source_balance(reader: Reader, source: str, topic: str) -> SourceBalance:
    found = cursor(reader, source)
    return SourceBalance(
        source,
        found.read,
        found.published,
        found.rejected,
        sum(1 for _ in reader.scan(topic)),
        sum(1 for _ in reader.scan(topic_of(source))),
        found.retried.mended,
    )


def latest_prices(reader: Reader, codec: Codec) -> Documents:
    """Latest per key: the greatest effective_at; of equal ones the later record."""
    best: dict[str, tuple[Any, Mapping[str, Any]]] = {}
    for record in reader.scan(PRICES_TOPIC):
        _, data = codec.decode(record.value, PRICES_TOPIC)
        rank = (data["effective_at"], record.position.offset)
        if data["stock_code"] not in best or best[data["stock_code"]][0] < rank:
            best[data["stock_code"]] = (rank, render(data))
    return {code: document for code, (_, document) in best.items()}


def folded_orders(reader: Reader, codec: Codec) -> Documents:
    """Every order as its facts tell it, in the order of the log."""
    orders: dict[str, dict[str, Any]] = {}
    for record in reader.scan(ORDERS_TOPIC):
        name, data = codec.decode(record.value, ORDERS_TOPIC)
        blank = {"order_id": data["order_id"], "status": "placed", "lines": []}
        order = orders.setdefault(data["order_id"], blank)
        if name.endswith("OrderCancelled"):
            order["status"] = "cancelled"
            order |= render({"cancelled_at": data["cancelled_at"], "reason": data["reason"]})
        else:
            total = sum(
                (each["quantity"] * each["unit_price"] for each in data["lines"]), Decimal(0)
            )
            kept = {name: data[name] for name in ("placed_at", "country", "currency", "lines")}
            order |= render({**kept, "total": total})
    return dict(orders)


def served(client: httpx.Client, view: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every entry that the gateway lists, page by page."""
    url: str | None = f"/v1/{view}?limit=500"
    while url is not None:
        answer = client.get(url)
        answer.raise_for_status()
        body = answer.json()
        yield from ((entry["meta"]["key"], entry["data"]) for entry in body["data"])
        url = body.get("next")


def view_balance(client: httpx.Client, view: str, expected: Documents) -> ViewBalance:
    found = dict(served(client, view))
    keys = expected.keys() | found.keys()
    differing = tuple(sorted(key for key in keys if expected.get(key) != found.get(key)))
    return ViewBalance(view, len(expected), len(found), differing)
