"""Which hop is named: lies of every kind, told to the rule without any service."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from backbone.explain.evidence import (
    Account,
    Broken,
    Chapter,
    Evidence,
    Hop,
    Testimony,
    Unseen,
)
from backbone.explain.judging import Judgement, Verdict, judge
from backbone.fact import Envelope, Fact, LogPosition
from backbone.views.store import Entry

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
AWAY = Unseen("", "no warehouse is configured")


def fact(offset: int, **fields: Any) -> Fact:
    """Offset n tells the amount n, unless a test lies; `note` is no part of the view."""
    return Fact(
        "shop.Counted",
        "K",
        {"amount": offset, "note": "fine", **fields},
        Envelope(f"id-{offset}", "/services/shop", NOON, f"{offset:020d}"),
        position=LogPosition("t", "shop.count.v1", 0, offset),
        order_version=offset,
        published_at=NOON,
    )


def fold(facts: Sequence[Fact]) -> Entry | None:
    """Adds the amounts up."""
    if not facts:
        return None
    last = facts[-1]
    assert last.position is not None
    return Entry(
        {"sum": sum(each.data["amount"] for each in facts)},
        last.order_version,
        last.position.offset,
        last.envelope.id,
        last.envelope.source,
        last.envelope.sequence,
        0,
        0,
    )


def chapter(
    offset: int,
    log: Testimony | None = None,
    source: Testimony | None = None,
    warehouse: Testimony | None = None,
) -> Chapter:
    """Everybody tells the truth, unless said otherwise."""
    truth = fact(offset)
    assert truth.position is not None
    return Chapter(
        truth.position,
        NOON,
        log or Account("log", truth),
        source or Account("row", truth),
        warehouse or Account("table", truth),
    )


def lie(offset: int, **fields: Any) -> Account:
    return Account("somewhere", fact(offset, **fields))


ENTRY = fold([fact(1), fact(2)])


def judged(*chapters: Chapter, entry: Entry | None = ENTRY, **more: Any) -> Judgement:
    return judge(Evidence("counts", entry, chapters, **more), fold)


def named(judgement: Judgement) -> list[Hop]:
    return list(judgement.at_fault)


def test_all_agree() -> None:
    judgement = judged(chapter(1), chapter(2))

    assert judgement.verdict is Verdict.AGREE
    assert named(judgement) == []


@pytest.mark.parametrize("warehouse", [None, AWAY], ids=["with warehouse", "without"])
@pytest.mark.parametrize("offset", [1, 2])
class TestALieInAnyFact:
    def test_a_changed_source_row_is_named(self, offset: int, warehouse: Testimony) -> None:
        told = {1: chapter(1, warehouse=warehouse), 2: chapter(2, warehouse=warehouse)}
        told[offset] = replace(told[offset], source=lie(offset, amount=9))

        judgement = judged(*told.values())

        assert named(judgement) == [Hop.SOURCE]
        assert judgement.certain
        assert [each.field for each in _fault(judgement).differences] == ["amount"]

    def test_an_altered_fact_is_named(self, offset: int, warehouse: Testimony) -> None:
        told = {1: chapter(1, warehouse=warehouse), 2: chapter(2, warehouse=warehouse)}
        told[offset] = replace(told[offset], fact=lie(offset, amount=9))

        judgement = judged(*told.values())

        assert named(judgement) == [Hop.FACT]
        assert judgement.certain
        assert [(each.here, each.there) for each in _fault(judgement).differences] == [(9, offset)]

    def test_a_fact_that_is_missing_is_named(self, offset: int, warehouse: Testimony) -> None:
        told = {1: chapter(1, warehouse=warehouse), 2: chapter(2, warehouse=warehouse)}
        told[offset] = replace(told[offset], fact=Broken("copy", "no record"))

        assert named(judged(*told.values())) == [Hop.FACT]


def _fault(judgement: Judgement) -> Any:
    return next(each for each in judgement.findings if each.at_fault)


@pytest.mark.parametrize("warehouse", [None, AWAY], ids=["with warehouse", "without"])
def test_a_changed_entry_is_named(warehouse: Testimony) -> None:
    assert ENTRY is not None
    chapters = (chapter(1, warehouse=warehouse), chapter(2, warehouse=warehouse))

    judgement = judged(*chapters, entry=ENTRY._replace(value={"sum": 9}))

    assert named(judgement) == [Hop.VIEW]
    assert [(each.field, each.here, each.there) for each in _fault(judgement).differences] == [
        ("sum", 9, 3)
    ]


@pytest.mark.parametrize("field", ["order_version", "offset", "event_id", "source", "sequence"])
def test_an_entry_that_names_another_origin_is_named(field: str) -> None:
    assert ENTRY is not None
    changed: Any = 1 if field in {"order_version", "offset"} else "another"

    judgement = judged(chapter(1), chapter(2), entry=ENTRY._replace(**{field: changed}))

    assert named(judgement) == [Hop.VIEW]
    assert [each.field for each in _fault(judgement).differences] == [f"entry.{field}"]


def test_an_entry_that_is_gone_is_named() -> None:
    assert named(judged(chapter(1), chapter(2), entry=None)) == [Hop.VIEW]


def test_an_entry_that_no_fact_made_is_named() -> None:
    assert named(judged(entry=ENTRY)) == [Hop.VIEW]


def test_a_changed_warehouse_row_is_named() -> None:
    judgement = judged(chapter(1), chapter(2, warehouse=lie(2, amount=9)))

    assert named(judgement) == [Hop.WAREHOUSE]
    assert judgement.certain


def test_a_changed_warehouse_row_is_named_where_the_source_is_not_seen() -> None:
    """The view depends on the field, and sides with the fact."""
    gone = Unseen("row", "put away")

    judgement = judged(chapter(1), chapter(2, source=gone, warehouse=lie(2, amount=9)))

    assert named(judgement) == [Hop.WAREHOUSE]
    assert judgement.certain


def test_a_row_that_makes_no_fact_any_more_is_named() -> None:
    broken = Broken("outbox:2", "invalid")

    assert named(judged(chapter(1), chapter(2, source=broken))) == [Hop.SOURCE]


def test_two_lies_are_both_named() -> None:
    assert ENTRY is not None
    chapters = (chapter(1, source=lie(1, amount=7)), chapter(2))

    judgement = judged(*chapters, entry=ENTRY._replace(value={"sum": 9}))

    assert named(judgement) == [Hop.VIEW, Hop.SOURCE]


def test_a_field_that_nobody_else_holds_leaves_doubt() -> None:
    """The note stands in the row and in the fact alone: the log cannot be changed, so the row is
    named, and it is said that nobody else knows."""
    chapters = (chapter(1, warehouse=AWAY), chapter(2, source=lie(2, note="?"), warehouse=AWAY))

    judgement = judged(*chapters)

    assert named(judgement) == [Hop.SOURCE]
    assert not judgement.certain


def test_what_is_not_seen_is_no_agreement() -> None:
    judgement = judged(chapter(1), chapter(2, warehouse=AWAY))

    assert judgement.verdict is Verdict.PARTIAL
    assert named(judgement) == []


def test_a_gap_is_no_agreement() -> None:
    judgement = judged(chapter(1), chapter(2), gaps=["older facts expired"])

    assert judgement.verdict is Verdict.PARTIAL


def test_a_view_that_lacks_expired_facts_is_not_accused() -> None:
    """The entry was made of three facts, and the first of them is not in the log any more."""
    assert ENTRY is not None
    entry = ENTRY._replace(value={"sum": 103})

    judgement = judged(chapter(1), chapter(2), entry=entry, gaps=["older facts expired"])

    assert judgement.verdict is Verdict.PARTIAL
    assert named(judgement) == []


def test_a_fact_in_the_dead_letters_may_lack_in_the_entry() -> None:
    entry = fold([fact(2)])

    assert named(judged(chapter(1), chapter(2), entry=entry)) == [Hop.VIEW]
    assert named(judged(chapter(1), chapter(2), entry=entry, dead=frozenset({1}))) == []


def test_a_fact_in_the_dead_letters_may_have_been_mended() -> None:
    assert named(judged(chapter(1), chapter(2), dead=frozenset({1}))) == []


def test_a_key_that_nobody_knows_is_no_agreement() -> None:
    assert judged(entry=None).verdict is Verdict.PARTIAL


def test_a_view_built_from_a_wrong_fact_is_not_accused() -> None:
    """Row and table tell 2; the fact, and the view that was built from it, tell 9."""
    wrong = lie(2, amount=9)

    judgement = judged(chapter(1), chapter(2, log=wrong), entry=fold([fact(1), wrong.fact]))

    assert named(judgement) == [Hop.FACT]
    assert judgement.findings[0].agrees is False
