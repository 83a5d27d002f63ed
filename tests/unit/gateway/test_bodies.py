import orjson
import pytest

from backbone.views.store import Entry, ViewId
from gateway import bodies
from gateway.bodies import Bodies

PRICES, STOCK = ViewId("prices", 1, 4), ViewId("stock", 1, 4)


def _entry(amount: str) -> Entry:
    return Entry({"amount": amount}, 1, 2, "id", "/shop", "7", 3, 4)


def test_a_body_is_made_once_for_an_entry_and_again_for_another() -> None:
    made = Bodies()
    entry = _entry("1")
    first = made.of(PRICES, "a", 2, entry)
    assert made.of(PRICES, "a", 2, entry) is first
    other = made.of(PRICES, "a", 2, _entry("2"))
    assert orjson.loads(other.data)["data"] == {"amount": "2"}
    assert other.etag != first.etag
    assert made.of(PRICES, "a", 2, _entry("1")) == first


def test_entries_of_one_key_in_two_views_are_told_apart() -> None:
    made, entry = Bodies(), _entry("1")
    assert orjson.loads(made.of(PRICES, "a", 2, entry).data)["meta"]["view"] == "prices"
    assert orjson.loads(made.of(STOCK, "a", 2, entry).data)["meta"]["view"] == "stock"


def test_large_bodies_are_not_kept_and_a_full_memory_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "REMEMBERED", 2)
    made = Bodies()
    made.of(PRICES, "large", 2, _entry("1" * bodies.MAX_BYTES))
    assert len(made._known) == 0
    for key in "abc":
        made.of(PRICES, key, 2, _entry("1"))
    assert len(made._known) == 1
