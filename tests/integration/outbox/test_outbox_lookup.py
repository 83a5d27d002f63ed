"""From a fact back to its row, against a real Postgres."""

import json

import pytest

from backbone.fact import Fact
from backbone.source import Cursor
from backbone.source_lookup import NoRow, SourceRow
from producers.outbox.source import OutboxSource
from tests.integration.outbox.shop import Shop, count

pytestmark = pytest.mark.postgres


def test_a_fact_is_found_again_by_its_id(shop: Shop) -> None:
    count(shop.connect(), "a")
    source = shop.source()
    (fact,) = source.poll(None).facts

    found = source.find(fact.envelope)

    assert found == SourceRow("outbox:1", fact)


def test_a_row_that_was_deleted_is_not_found_and_one_before_the_oldest_was_put_away(
    shop: Shop,
) -> None:
    writer, source = shop.connect(), shop.source()
    for _ in range(3):
        count(writer, "a")
    first, second, third = source.poll(None).facts
    writer.execute("DELETE FROM outbox WHERE position <= 2")

    assert isinstance(source.find(second.envelope), NoRow)
    was_put_away = source.put_away()
    sequences = [each.envelope.sequence for each in (first, second, third)]
    assert [was_put_away(each) for each in sequences] == [True, True, False]


def test_the_rows_up_to_a_cursor_are_those_that_were_given(shop: Shop) -> None:
    """With a slow transaction, whose rows come late, pages of two rows, and rows still to come."""
    slow, quick, source = shop.connect(), shop.connect(), shop.source(max_rows=2)
    slow.autocommit = False
    told: set[str] = set()
    cursor: Cursor | None = None
    for step in range(12):
        count(quick, f"q{step}")
        if step in {2, 6}:
            count(slow, f"s{step}")
        if step in {5, 9}:
            slow.commit()
        batch = source.poll(cursor)
        cursor = json.loads(json.dumps(batch.cursor))
        told |= {fact.envelope.id for fact in batch.facts}
        assert cursor is not None
        assert _ids(source, cursor) == told
    assert len(told) > 10


def _ids(source: OutboxSource, cursor: Cursor) -> set[str]:
    return {row.made.envelope.id for row in source.rows(cursor) if isinstance(row.made, Fact)}
