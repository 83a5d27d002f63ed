"""The example's shop and the relay: what the shop was told is what the relay gives."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from producers.outbox.database import OutboxDatabase
from producers.outbox.source import OutboxSource, Settings
from tests.integration.outbox.cluster import Cluster

pytestmark = pytest.mark.postgres

SCRIPT = Path(__file__).resolve().parents[3] / "examples" / "online-retail" / "shop.py"
FACTS = ("shop.sales.OrderPlaced", "shop.sales.OrderCancelled")


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("online_retail_shop", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


script = _loaded()


def order(number: int) -> dict[str, Any]:
    line = {"stock_code": "85123A", "description": "HOLDER ", "quantity": -1, "unit_price": "0.0"}
    return {
        "type": "OrderPlaced",
        "order_id": str(number),
        "placed_at": "2010-12-01T08:26:00Z",
        "customer_id": None,
        "country": "EIRE",
        "currency": "GBP",
        "lines": [line] * (number % 3),
    }


def cancellation(order_id: str) -> dict[str, Any]:
    return {
        "type": "OrderCancelled",
        "order_id": order_id,
        "cancelled_at": "2010-12-02T20:26:00Z",
        "reason": "late",
    }


@pytest.fixture
def dsn(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"example_{abs(hash(request.node.name))}"
    yield cluster.dsn(name)
    with cluster.connect() as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def relay(dsn: str) -> Iterator[OutboxSource]:
    script.create_database(dsn)
    script.create_database(dsn)
    settings = Settings("shop", "/services/shop", dict.fromkeys(FACTS, "order_id"))
    source = OutboxSource(settings, OutboxDatabase(dsn), lambda _fact, payload: dict(payload))
    yield source
    source.close()


def test_a_load_is_relayed_as_told_and_a_second_one_changes_nothing(
    dsn: str, relay: OutboxSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "ROLLED_BACK", 0.3)
    told = [event for n in range(40) for event in (order(n), cancellation(str(n)))]
    told.append(cancellation("C99"))
    orders = tmp_path / "orders.jsonl"
    orders.write_text("".join(f"{json.dumps(event)}\n" for event in told))
    progress: list[int] = []

    first = script.load(dsn, orders, progress=progress.append)
    second = script.load(dsn, orders)
    batch = relay.poll(None)

    assert first.pop("rolled_back") > 10
    assert first == {"orders": 40, "cancellations": 41, "skipped": 0}
    assert second == {"orders": 0, "cancellations": 0, "rolled_back": 0, "skipped": 81}
    assert progress[-1] == 81
    assert not batch.rejects
    given = [{"type": fact.type.rpartition(".")[2], **fact.data} for fact in batch.facts]
    assert sorted(map(json.dumps, given)) == sorted(map(json.dumps, told))
    for n in range(40):
        assert [g["type"] for g in given if g["order_id"] == str(n)] == [
            "OrderPlaced",
            "OrderCancelled",
        ]
