"""Every row against its fact: a loss, a double and an alteration are named, each with its place."""

from collections.abc import Callable, Iterator, Sequence

from backbone.errors import Poison, PoisonReason
from backbone.fact import Envelope, Fact, Origin
from backbone.ledger.line import Line
from backbone.ledger.source_rows import SourceRows
from backbone.log import Message
from backbone.source import Cursor, Reject
from backbone.source_lookup import NoRow, SourceRow
from tests.unit.ledger.books import TOPIC, TYPE, Books, Json, fact, message


class Rows:
    """A source whose rows a test lists; `later` stand behind the cursor."""

    facts: Sequence[str] = (TYPE,)

    def __init__(self, *made: Fact | Reject, later: Sequence[Fact] = (), oldest: int = 0) -> None:
        self._rows = [SourceRow(f"row:{number}", each) for number, each in enumerate(made, 1)]
        self._later = [SourceRow("row:later", each) for each in later]
        self._oldest = oldest

    def find(self, envelope: Envelope) -> SourceRow | NoRow:
        for row in [*self._rows, *self._later]:
            if isinstance(row.made, Reject) and int(envelope.sequence) == int(row.position[4:]):
                return row
            if isinstance(row.made, Fact) and row.made.envelope.sequence == envelope.sequence:
                return row
        return NoRow("row:?", "gone")

    def rows(self, cursor: Cursor) -> Iterator[SourceRow]:
        del cursor
        return iter(self._rows)

    def put_away(self) -> Callable[[str], bool]:
        return lambda sequence: int(sequence) < self._oldest


def compared(
    rows: Rows, *messages: Message, letters: frozenset[str] = frozenset(), whole: bool = True
) -> list[Line]:
    books = Books()
    books.append(*messages)
    made = SourceRows("shop", rows, Json(), {TYPE}, whole=whole)
    for record in books.records():
        made.take(record, 1)
    return list(made.lines({}, letters))


def wrong(line: Line) -> dict[str, tuple[int, list[str]]]:
    kinds = line.wrong.kinds()
    return {name: (each.count, each.first) for name, each in kinds.items() if each.count}


def test_every_row_has_its_fact() -> None:
    facts, rejects = compared(Rows(fact(1), fact(2)), message(1), message(2))

    assert (facts.expected, facts.found, facts.balances) == (2, 2, True)
    assert rejects.balances is True


def test_a_lost_fact_is_named_by_its_row() -> None:
    facts, _ = compared(Rows(fact(1), fact(2), fact(3)), message(1), message(3))

    assert wrong(facts) == {"missing": (1, ["row:2"])}


def test_a_doubled_fact_is_named() -> None:
    facts, _ = compared(Rows(fact(1), fact(2)), message(1), message(2), message(1))

    assert wrong(facts) == {"double": (1, [f"{TOPIC}/0/0"])}


def test_a_row_that_stands_twice_in_the_source_is_no_double() -> None:
    facts, _ = compared(Rows(fact(1), fact(1)), message(1), message(1))

    assert facts.balances is True


def test_an_altered_fact_is_named() -> None:
    facts, _ = compared(Rows(fact(1), fact(2)), message(1), message(2, amount=9))

    assert wrong(facts) == {"altered": (1, [f"{TOPIC}/0/1"])}


def test_a_loss_and_a_double_do_not_hide_one_another() -> None:
    facts, _ = compared(Rows(fact(1), fact(2)), message(1), message(1))

    assert wrong(facts) == {"missing": (1, ["row:2"]), "double": (1, [f"{TOPIC}/0/0"])}


def test_a_row_that_was_changed_so_that_it_has_another_id_is_one_alteration() -> None:
    """As a line of a price list: its id is made of its cells."""
    changed = fact(2, amount=9)
    other = Envelope("another", changed.envelope.source, changed.envelope.time, f"{2:020d}")
    rows = Rows(fact(1), Fact(changed.type, changed.key, changed.data, other))

    facts, _ = compared(rows, message(1), message(2))

    assert wrong(facts) == {"altered": (1, [f"{TOPIC}/0/1"])}


def test_a_row_of_another_topic_is_none_of_this_one() -> None:
    other = fact(2)
    rows = Rows(fact(1), Fact("shop.Other", other.key, other.data, other.envelope))

    facts, _ = compared(rows, message(1))

    assert (facts.expected, facts.balances) == (1, True)


def test_a_fact_without_a_row_is_nobodys() -> None:
    facts, _ = compared(Rows(fact(1)), message(1), message(7))

    assert wrong(facts) == {"unknown": (1, [f"{TOPIC}/0/1"])}


def test_a_fact_of_a_row_behind_the_cursor_is_newer() -> None:
    facts, _ = compared(Rows(fact(1), later=[fact(2)]), message(1), message(2))

    assert facts.balances is True
    assert facts.remarks == ("1 facts of rows behind the cursor",)


def test_a_fact_of_a_row_that_was_put_away_is_not_judged() -> None:
    facts, _ = compared(Rows(fact(5), oldest=5), message(1), message(5))

    assert facts.balances is True
    assert facts.remarks == ("1 facts of rows that were put away: nothing to compare with",)


def test_an_interval_that_begins_later_does_not_miss_what_was_before() -> None:
    facts, _ = compared(Rows(fact(1), fact(2)), message(2), whole=False)

    assert facts.balances is True


def test_a_refused_row_without_its_dead_letter_is_named() -> None:
    refused = Reject(Origin("row:2", b"{}"), Poison(PoisonReason.INVALID, "no"))

    _, rejects = compared(Rows(fact(1), refused), message(1))
    _, there = compared(Rows(fact(1), refused), message(1), letters=frozenset({"row:2"}))

    assert wrong(rejects) == {"missing": (1, ["row:2"])}
    assert there.balances is True


def test_a_fact_of_a_refused_row_was_mended() -> None:
    refused = Reject(Origin("row:2", b"{}"), Poison(PoisonReason.INVALID, "no"))

    facts, _ = compared(
        Rows(fact(1), refused), message(1), message(2), letters=frozenset({"row:2"})
    )

    assert facts.balances is True
    assert facts.remarks == ("1 facts of refused rows that were mended",)


def test_a_fact_of_a_row_that_would_be_refused_now_is_altered() -> None:
    """It was never refused: there is no dead letter of it."""
    refused = Reject(Origin("row:2", b"{}"), Poison(PoisonReason.INVALID, "no"))

    facts, _ = compared(Rows(fact(1), refused), message(1), message(2))

    assert wrong(facts) == {"altered": (1, [f"{TOPIC}/0/1"])}
