"""Rejected rows made again: by the rules of any row, with some cells or fields replaced."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backbone.contracts.catalog import Contracts
from backbone.contracts.parse import parse
from backbone.fact import Fact, Origin
from backbone.replay.rejects import Rejected
from backbone.settings import REPOSITORY
from backbone.source import Reject
from producers.outbox.mending import mend
from producers.outbox.row import FactMaker, OutboxRow
from tests.unit.producers.test_csv_drop import COLUMNS, HEADER, drop, read, source_of

CANCELLED = "shop.sales.OrderCancelled"
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def rejected(value: bytes, columns: tuple[str, ...] = COLUMNS, **repair: str) -> Rejected:
    return Rejected(Origin("prices.csv:17", value, None, columns), "pricing.PriceChanged", repair)


def test_a_mended_row_is_the_fact_that_the_row_would_have_been(tmp_path: Path) -> None:
    drop(tmp_path, HEADER + "A,1.50,2011-10-06\n")
    ((good,),) = (batch.facts for batch in read(source_of(tmp_path)) if batch.facts)

    made = source_of(tmp_path).mend(rejected(b"A,-1,2011-10-06", price="1.50"))

    assert isinstance(made, Fact)
    assert (made.data, made.envelope.id) == (good.data, good.envelope.id)
    assert made.envelope.sequence == "prices.csv:0000000017"


def test_its_columns_may_stand_in_another_order(tmp_path: Path) -> None:
    swapped = ("price", "effective_at", "stock_code")
    made = source_of(tmp_path).mend(rejected(b"-1,2011-10-06,A", swapped, price="2"))

    assert isinstance(made, Fact)
    assert (made.key, made.data["price"]) == ("A", "2")


def test_a_row_that_cannot_be_read_is_given_whole(tmp_path: Path) -> None:
    whole = {"stock_code": "A", "price": "1", "effective_at": "2011-10-06"}

    assert isinstance(source_of(tmp_path).mend(rejected(b"A;1", (), **whole)), Fact)
    assert isinstance(source_of(tmp_path).mend(rejected(b"\xff", COLUMNS, **whole)), Fact)


@pytest.mark.parametrize(
    ("value", "repair", "words"),
    [
        (b"A,-1,2011-10-06", {}, "breaks its contract"),
        (b"A,-1", {"price": "2"}, "the row has 2 of 3 columns: mend stock_code, effective_at"),
        (b"A,-1,2011-10-06", {"colour": "red"}, "the repair names colour"),
    ],
)
def test_what_is_not_mended_is_a_reject_again(
    tmp_path: Path, value: bytes, repair: dict[str, str], words: str
) -> None:
    made = source_of(tmp_path).mend(rejected(value, COLUMNS, **repair))

    assert isinstance(made, Reject)
    assert words in str(made.poison)
    assert made.origin.value == value


@pytest.fixture
def maker() -> FactMaker:
    contracts = Contracts.load(REPOSITORY / "avro")
    return FactMaker(
        "/services/shop", {CANCELLED: "order_id"}, lambda name, row: parse(contracts[name], row)
    )


def outbox_reject(maker: FactMaker, payload: str) -> Rejected:
    headers = '{"correlationid": "c-1", "secret": "s"}'
    row = OutboxRow(17, 5, "row-id", "o1", "OrderCancelled", payload, headers, WHEN)
    made = maker.make(row)
    assert isinstance(made, Reject)
    assert b"secret" not in (made.origin.row or b"")
    return Rejected(made.origin, made.fact_type)


def test_an_outbox_row_is_made_again_with_its_id_and_context(maker: FactMaker) -> None:
    bad = outbox_reject(maker, '{"order_id": "o1", "cancelled_at": "late", "reason": "x"}')
    repair = {"cancelled_at": "2026-01-01T00:00:00Z", "reason": "null"}

    made = mend(maker, Rejected(bad.origin, bad.fact_type, repair))

    assert isinstance(made, Fact)
    assert (made.envelope.id, made.envelope.correlation_id) == ("row-id", "c-1")
    assert (made.envelope.time, made.envelope.sequence) == (WHEN, "00000000000000000017")
    assert made.data["reason"] is None


def test_a_row_of_an_earlier_release_cannot_be_made_again(maker: FactMaker) -> None:
    origin = Origin("outbox:17", b"{}", b"o1")

    made = mend(maker, Rejected(origin, CANCELLED, {"order_id": "o1"}))

    assert isinstance(made, Reject)
    assert "cannot be made again" in str(made.poison)
