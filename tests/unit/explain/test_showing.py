"""What a person sees of a judgement: no personal value, on whatever side it stands."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from backbone.contracts.catalog import Contracts
from backbone.explain.evidence import Account, Chapter, Evidence, Unseen
from backbone.explain.judging import judge
from backbone.explain.showing import Row, Shown, sentence
from backbone.fact import Envelope, Fact, LogPosition
from backbone.settings import REPOSITORY
from backbone.views.store import Answer, Entry
from processors.catalog import VIEWS
from processors.refold import refold

CONTRACTS = Contracts.load(REPOSITORY / "avro")
ORDERS = VIEWS["orders"]
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PLACE = LogPosition("t", ORDERS.topic, 0, 3)


def placed(**fields: Any) -> Fact:
    data = {
        "order_id": "o1",
        "placed_at": NOON,
        "customer_id": "17850",
        "country": "France",
        "currency": "GBP",
        "lines": [],
    }
    envelope = Envelope("id", "/services/shop", NOON, f"{7:020d}")
    told = Fact("shop.sales.OrderPlaced", "o1", data | fields, envelope)
    return replace(told, position=PLACE, order_version=3, published_at=NOON)


ENTRY = refold(ORDERS, [placed()])


def shown(row: Fact, entry: Entry | None = ENTRY) -> tuple[list[Row], str]:
    unseen = Unseen("", "no warehouse is configured")
    chapter = Chapter(PLACE, NOON, Account("log", placed()), Account("row", row), unseen)
    evidence = Evidence("orders", entry, [chapter])
    judgement = judge(evidence, lambda facts: refold(ORDERS, facts))
    made = Shown(CONTRACTS, ORDERS.topic, evidence, Answer(entry, None, 0), 0)
    rows = made.rows(judgement)
    return rows, sentence(judgement, rows)


def test_each_hop_is_a_row_and_the_sentence_tells_what_was_not_seen() -> None:
    rows, said = shown(placed())

    assert [(row["hop"], row["agrees"]) for row in rows] == [
        ("view entry", True),
        ("fact", True),
        ("source row", True),
        ("warehouse row", None),
    ]
    assert said == (
        "partial: what was seen agrees; not seen: warehouse row (no warehouse is configured)"
    )


def test_a_difference_shows_both_sides() -> None:
    rows, said = shown(placed(country="Atlantis"))

    assert rows[2]["differences"] == [{"field": "country", "here": "Atlantis", "there": "France"}]
    assert said == "disagree; at fault: source row (country)"


def test_a_personal_value_is_masked_on_both_sides() -> None:
    rows, said = shown(placed(customer_id="99999"))

    assert rows[2]["differences"] == [{"field": "customer_id", "here": "***", "there": "***"}]
    assert said.startswith("disagree; at fault: source row (customer_id); the fact and this row")
    _hides(rows, "17850", "99999")


def test_a_personal_value_in_a_view_is_masked_by_its_name_and_by_what_it_is() -> None:
    """A fold may carry it on under its own name, or within a text of its own."""
    assert ENTRY is not None
    told = {**ENTRY.value, "customer_id": "12345", "title": "order of 17850", "lines": ["17850"]}

    rows, _ = shown(placed(), ENTRY._replace(value=told))

    assert rows[0]["value"]["title"] == "***"
    assert rows[0]["value"]["customer_id"] == "***"
    assert rows[0]["value"]["country"] == "France"
    _hides(rows, "17850", "12345")


def test_a_field_that_no_contract_knows_is_masked() -> None:
    rows, _ = shown(placed(nickname="Bob"))

    assert {"field": "nickname", "here": "***", "there": "***"} in rows[2]["differences"]
    _hides(rows, "Bob")


def _hides(rows: list[Row], *values: str) -> None:
    text = json.dumps(rows, default=str)
    assert [value for value in values if value in text] == []
