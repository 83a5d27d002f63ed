"""A message made straight from a row is the one that its fact gives, or it is left to that."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backbone.codec import column_writer as column_writing
from backbone.codec.codec import Codec
from backbone.codec.column_writer import column_writer
from backbone.contracts.catalog import Contracts
from backbone.contracts.parse import parse
from backbone.log import Message
from backbone.registry.memory import MemoryRegistry
from backbone.settings import REPOSITORY
from backbone.source import Batch, Reject, RowBatch
from backbone.source_messages import SourceMessages
from producers.csv_drop import CsvDropSource
from producers.csv_drop import Settings as CsvSettings
from producers.outbox.drafts import DraftMaker
from producers.outbox.row import FactMaker, OutboxRow
from producers.outbox.rows import OutboxRows
from producers.price_list import FACT


@pytest.fixture(autouse=True)
def no_batch_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_writing, "column_writer", partial(column_writer, few=1))


CONTRACTS = Contracts.load(REPOSITORY / "avro")
PRICE = CONTRACTS[FACT]
SHOP = ("shop.sales.OrderPlaced", "shop.sales.OrderCancelled")
COLUMNS = ("stock_code", "price", "currency", "effective_at")
AT = datetime(2011, 10, 4, 10, tzinfo=UTC)
LIMITS = {contract.topic: 1_000_000 for contract in CONTRACTS.values()}


def messages(limits: dict[str, int] = LIMITS) -> SourceMessages:
    registry = MemoryRegistry()
    for contract in CONTRACTS.values():
        registry.register(contract.subject, contract.registered)
    codec = Codec(CONTRACTS, registry)
    codec.check(list(CONTRACTS))
    return SourceMessages("source", CONTRACTS, codec, limits)


def both(batch: Batch, made: SourceMessages) -> tuple[list[Any], list[Any]]:
    """What comes of the batch with drafts, and of the same facts and rejects without them."""
    return given(batch, made), given(Batch(batch.facts, batch.rejects), made)


def given(batch: Batch, made: SourceMessages) -> list[Any]:
    rejects: list[Reject] = []
    known = made.straight(batch)
    facts = [each for each in made.all(batch, known, rejects) if each.topic != "dlq.source"]
    rejects.sort(key=lambda each: each.origin.position)
    return [*facts, *((each.origin, str(each.poison), each.fact_type) for each in rejects)]


def straight(batch: Batch, made: SourceMessages) -> Sequence[Message | None]:
    return made.straight(batch)


def prices(folder: Path, text: str, **changed: Any) -> Batch:
    (folder / "prices.csv").write_bytes(text.encode())
    owner = PRICE.system_of_record
    known = {"key_field": "stock_code", "time_field": "effective_at", "source": owner}
    settings = CsvSettings(path=folder, fact_type=FACT, columns=COLUMNS, **known | changed)
    return CsvDropSource("x", settings, partial(parse, PRICE), by_contract=True).poll(None)


ROWS = """A1,2.5,GBP,2011-10-04T10:00:00Z
 A2,2.5,GBP,2011-10-04T10:00:00Z
A3,-1,GBP,2011-10-04T10:00:00Z
A4,2.50000,GBP,2011-10-04T12:00:00+02:00
A5,2.5,GBP
,2.5,GBP,2011-10-04T10:00:00Z
A1,2.5,GBP,2011-10-04T10:00:00.123456Z
ü,2.5,GBP,1969-10-04T10:00:00Z
A6,2.55555,GBP,2011-10-04T10:00:00Z
A7,999999999999999.9999,EUR,3500-01-01T00:00:00Z
"""


@pytest.mark.parametrize("changed", [{}, {"source": "/elsewhere"}, {"key_field": "currency"}])
def test_rows_of_a_price_list_give_the_messages_of_their_facts(
    tmp_path: Path, changed: dict[str, str]
) -> None:
    batch = prices(tmp_path, f"{','.join(COLUMNS)}\n{ROWS}", **changed)
    with_drafts, without = both(batch, messages())

    assert with_drafts == without
    assert len(with_drafts) == ROWS.count("\n")


def test_columns_may_come_in_another_order(tmp_path: Path) -> None:
    text = "price,stock_code,effective_at,currency\n2.5,A1,2011-10-04T10:00:00Z,GBP\n"
    batch, made = prices(tmp_path, text), messages()

    assert straight(batch, made) == given(Batch(batch.facts), made)


def test_ordinary_rows_are_taken_straight_and_others_are_not(tmp_path: Path) -> None:
    batch = prices(tmp_path, f"{','.join(COLUMNS)}\n{ROWS}")
    taken = [place for place, each in enumerate(straight(batch, messages())) if each is not None]

    assert taken == [0, 6, 7]  # the largest price is beyond 64 bits


def test_a_foreign_source_takes_nothing_straight(tmp_path: Path) -> None:
    batch = prices(tmp_path, f"{','.join(COLUMNS)}\n{ROWS}", source="/elsewhere")

    assert set(straight(batch, messages())) == {None}


def test_a_record_near_its_topics_limit_is_weighed(tmp_path: Path) -> None:
    batch = prices(tmp_path, f"{','.join(COLUMNS)}\n{ROWS}")
    made = messages({PRICE.topic: 700})

    assert set(straight(batch, made)) == {None}
    assert given(batch, made) == given(Batch(batch.facts, batch.rejects), made)


PLAIN = '{"order_id": "7", "cancelled_at": "2011-10-04T10:00:00Z", "reason": "late"}'
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CANCELLED = {
    "plain": PLAIN,
    "twice": PLAIN.replace('"reason"', '"order_id"'),
    "twice the same": PLAIN[:-1] + ', "reason": "late"}',
    "escaped": PLAIN.replace("late", '\\u006cate \\"said\\"'),
    "half a pair": PLAIN.replace("late", "\\ud800"),
    "a number": PLAIN.replace('"late"', "1.5"),
    "not a number": PLAIN.replace('"late"', "NaN"),
    "null": PLAIN.replace('"late"', "null"),
    "unknown": PLAIN[:-1] + ', "more": [1, {"a": 2}]}',
    "absent": '{"order_id": "7"}',
    "a list": "[]",
    "another key": PLAIN.replace('"7"', '"8"'),
    "a number as key": PLAIN.replace('"7"', "7"),
    "NUL": PLAIN.replace("late", "\\u0000"),
    "deep": "[" * 5000 + "]" * 5000,
}


def row(payload: str, **changed: Any) -> OutboxRow:
    known = OutboxRow(1, 10, "id-1", "7", "OrderCancelled", payload, None, AT)
    return known._replace(**changed)


def outbox(*rows: OutboxRow) -> Batch:
    keys = {name: CONTRACTS[name].key for name in SHOP}
    source = CONTRACTS[SHOP[0]].system_of_record
    maker = FactMaker(source, keys, lambda fact, payload: parse(CONTRACTS[fact], payload))
    drafts = DraftMaker(source, keys, maker.full_names)
    return RowBatch(OutboxRows.of(rows), maker.make, drafts.drafts, {})


@pytest.mark.parametrize("payload", CANCELLED.values(), ids=CANCELLED)
def test_a_row_of_the_outbox_gives_what_its_fact_gives_or_is_left_to_it(payload: str) -> None:
    batch, made = outbox(row(payload)), messages()
    (found,) = straight(batch, made)

    assert found is None or [found] == given(Batch(batch.facts, batch.rejects), made)
    assert (found is not None) == (payload in (CANCELLED["plain"], CANCELLED["null"]))


@pytest.mark.parametrize("payload", CANCELLED.values(), ids=CANCELLED)
def test_a_row_changes_nothing_of_its_neighbours(payload: str) -> None:
    others = [row(PLAIN, position=position) for position in range(2, 9)]
    made = messages()
    alone = straight(outbox(row(payload)), made)

    found = straight(outbox(*others[:3], row(payload), *others[3:]), made)

    assert found == [*(straight(outbox(each), made)[0] for each in others[:3]), *alone, *found[4:]]
    assert None not in found[4:]


@pytest.mark.parametrize(
    "changed",
    [
        {"headers": f'{{"traceparent": "{TRACE}", "tracestate": "a=1", "correlationid": "c"}}'},
        {"headers": '{"ce_causationid": "x", "traceparent": "wrong"}'},
        {"headers": "{}"},
        {"occurred_at": AT.astimezone(timezone(timedelta(hours=2)))},
        {"type": SHOP[1]},
        {"position": 2**62},
    ],
    ids=str,
)
def test_what_stands_around_the_payload_becomes_the_same_headers(changed: dict[str, Any]) -> None:
    batch, made = outbox(row(PLAIN, **changed), row(PLAIN)), messages()

    assert straight(batch, made) == given(Batch(batch.facts), made)


@pytest.mark.parametrize("changed", [{"occurred_at": None}, {"type": "Unknown"}], ids=str)
def test_a_row_that_is_refused_is_not_taken_straight(changed: dict[str, Any]) -> None:
    found = straight(outbox(row(PLAIN), row(PLAIN, **changed), row(PLAIN)), messages())

    assert [each is None for each in found] == [False, True, False]
