"""Price changes: keys drawn evenly, prices of up to seven digits, one in twenty out of order."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from backbone.documents import render
from backbone.fact import Envelope, Fact

PRICE = "shop.pricing.PriceChanged"
TOPIC = "pricing.price.v1"
SOURCE = "/connectors/price-list"
_SEED = 20_111_004
_START = datetime(2011, 10, 4, tzinfo=UTC)
_LATE = 0.05


def price_facts(count: int, keys: int) -> Iterator[Fact]:
    draw = random.Random(_SEED)  # noqa: S311 - repeatable, not secret
    for number in range(count):
        code = f"A{draw.randrange(keys):05d}"
        late = timedelta(minutes=draw.randrange(1, 60)) if draw.random() < _LATE else timedelta()
        at = _START + timedelta(milliseconds=number) - late
        data = {
            "stock_code": code,
            "price": Decimal(draw.randrange(1, 10**7)).scaleb(-4),
            "currency": "GBP",
            "effective_at": at,
        }
        identity = str(UUID(int=draw.getrandbits(128), version=5))
        sequence = f"price_list.csv:{number + 2:010d}"
        yield Fact(PRICE, code, data, Envelope(identity, SOURCE, at, sequence))


class LatestPrices:
    """What the view must hold in the end: told fact by fact, in the plainest way."""

    def __init__(self) -> None:
        self._newest: dict[str, Mapping[str, Any]] = {}

    def add(self, fact: Fact) -> None:
        known = self._newest.get(fact.key)
        if known is None or known["effective_at"] <= fact.data["effective_at"]:
            self._newest[fact.key] = fact.data

    def documents(self) -> dict[str, Any]:
        return {key: render(data) for key, data in self._newest.items()}
