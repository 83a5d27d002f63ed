from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backbone.contracts.catalog import Contracts
from backbone.fact import Envelope, Fact
from backbone.registry.memory import MemoryRegistry

AVRO = Path(__file__).parents[3] / "avro"


OURS = ("shop.pricing.PriceChanged", "shop.sales.OrderCancelled", "shop.sales.OrderPlaced")


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    """The project's own contracts of prices and orders."""
    every = Contracts.load(AVRO)
    return Contracts({name: every[name] for name in OURS})


@pytest.fixture
def registry(contracts: Contracts) -> MemoryRegistry:
    """A registry that has them: PriceChanged is 1, OrderCancelled 2, OrderPlaced 3."""
    made = MemoryRegistry()
    for contract in contracts.values():
        made.register(contract.subject, contract.registered)
    return made


@pytest.fixture
def fact_of() -> Callable[..., Fact]:
    """`fact_of("shop.pricing.PriceChanged", "85123A", stock_code="85123A", ...)`."""

    def build(kind: str, key: str, **data: Any) -> Fact:
        envelope = Envelope("1", "/test", datetime(2011, 10, 4, tzinfo=UTC), "1")
        return Fact(kind, key, data, envelope)

    return build
