"""Views: by their offsets, and entry by entry against the fold of the log."""

from collections.abc import Mapping
from dataclasses import replace

from backbone.fact import Fact
from backbone.ledger import view_lines
from backbone.ledger.line import Line
from backbone.ledger.view_entries import Judged, Refold, suspects
from backbone.ledger.view_lines import ViewState
from backbone.recorded_fact import fact_of
from backbone.views.store import Answer, Entry, Status, ViewId
from tests.unit.ledger.books import TOPIC, Books, Json, message

VIEW = ViewId("counts", 1, 1)


def state(
    books: Books, offset: int, dead: frozenset[int] = frozenset(), topic_id: str | None = None
) -> ViewState:
    status = Status(topic_id or books.topic_id, offset, 0, 0, 0)
    return ViewState("counts", books.topic_id, [status], {0: dead}, books.admin.ends(TOPIC))


def only(books: Books, view: ViewState) -> Line:
    (found,) = view_lines.lines(books.scanned(), view)
    return found


def filled() -> Books:
    books = Books()
    books.append(*(message(number) for number in range(5)))
    return books


def test_every_fact_is_handled_dead_lettered_or_still_to_come() -> None:
    books = filled()

    found = only(books, state(books, 4, frozenset({1})))

    assert found.parts == {"applied or superseded": 3, "dead-lettered": 1, "to come": 1}
    assert found.balances is True


def test_what_a_strict_view_holds_is_counted_apart() -> None:
    books = filled()
    held = replace(state(books, 4, frozenset({1})), held={0: frozenset({1, 2, 77})})

    found = only(books, held)

    assert found.parts == {
        "applied or superseded": 2,
        "dead-lettered": 1,
        "held": 1,
        "to come": 1,
    }
    assert found.balances is True


def test_a_dead_letter_of_a_record_that_never_stood_there_is_named() -> None:
    books = filled()
    del books.log.topic(TOPIC).partitions[0][2]

    found = only(books, state(books, 4, frozenset({2})))

    assert found.wrong.unknown.first == [f"{TOPIC}/0/2"]


def test_a_log_that_lost_its_tail_is_counted() -> None:
    books = filled()

    assert only(books, state(books, 8)).wrong.unknown.count == 3


def test_a_view_of_another_topic_of_that_name_is_not_judged() -> None:
    books = filled()

    assert only(books, state(books, 5, topic_id="before")).balances is None


def test_a_view_that_was_not_built_is_not_judged() -> None:
    books = filled()
    unbuilt = ViewState("counts", books.topic_id, [None], {}, books.admin.ends(TOPIC))

    assert only(books, unbuilt).balances is None


# entry by entry


def after(before: Entry | None, fact: Fact) -> Entry:
    """Adds the amounts of a key up."""
    assert fact.position is not None
    amount = fact.data["amount"] + (before.value["sum"] if before else 0)
    about = (fact.envelope.id, fact.envelope.source, fact.envelope.sequence)
    return Entry({"sum": amount}, fact.order_version, fact.position.offset, *about, 0, 0)


REFOLD = Refold(VIEW, Json(), after)


def entries(books: Books) -> dict[str, Entry]:
    whole, _ = REFOLD.some(books.records(), dict.fromkeys(("K1", "K2"), 99), {})
    return {key: entry for key, entry in whole.items() if entry is not None}


def two_keys() -> Books:
    books = Books()
    books.append(message(1), message(2), message(3, key="K1"))
    return books


def judged(books: Books, stored: Mapping[str, Entry], dead: frozenset[int] = frozenset()) -> Line:
    until = {0: len(books.records())}
    keys = suspects(REFOLD.all(books.records(), until), list(stored.items()))
    status = Status(books.topic_id, until[0], 0, 0, 0)
    answers = {key: Answer(stored.get(key), status, 0) for key in keys}
    folds = REFOLD.some(books.records(), dict.fromkeys(keys, until[0]), {0: dead})
    made = Judged(VIEW, TOPIC, secret=False)
    made.compare(answers, folds)
    return made.line(len(stored))


def test_every_entry_is_its_fold() -> None:
    books = two_keys()

    found = judged(books, entries(books))

    assert (found.expected, found.found, found.balances) == (2, 2, True)


def test_a_lost_entry_is_named() -> None:
    books = two_keys()
    stored = entries(books)
    del stored["K1"]

    found = judged(books, stored)

    assert found.wrong.missing.first == [f"K1 ({TOPIC}/0/2)"]
    assert (found.expected, found.found) == (2, 1)


def test_an_altered_entry_is_named() -> None:
    books = two_keys()
    stored = entries(books)
    stored["K1"] = stored["K1"]._replace(value={"sum": 8})  # the third fact, counted twice

    assert judged(books, stored).wrong.altered.first == [f"K1 ({TOPIC}/0/2)"]


def test_an_entry_that_no_fact_made_is_named() -> None:
    books = two_keys()
    stored = entries(books)
    stored["K9"] = stored["K2"]

    assert judged(books, stored).wrong.unknown.first == [f"K9 ({TOPIC}/0/1)"]


def test_an_entry_without_its_dead_lettered_fact_is_well() -> None:
    books = two_keys()
    stored = entries(books)
    stored["K1"] = after(None, _first(books))

    assert judged(books, stored).balances is False
    assert judged(books, stored, dead=frozenset({2})).balances is True


def _first(books: Books) -> Fact:
    return fact_of(books.records()[0], Json(), 1)


def test_an_entry_that_moved_on_while_it_was_looked_at_is_well() -> None:
    """It is a suspect, for the fold ended before; asked again, it is what the log makes of it."""
    books = two_keys()
    folded = REFOLD.all(books.records(), {0: 2})
    stored = entries(books)

    keys = suspects(folded, list(stored.items()))

    assert keys == ["K1"]
    status = Status(books.topic_id, 3, 0, 0, 0)
    answers = {"K1": Answer(stored["K1"], status, 0)}
    folds = REFOLD.some(books.records(), {"K1": 3}, {})
    made = Judged(VIEW, TOPIC, secret=False)
    made.compare(answers, folds)
    assert made.line(2).balances is True


def test_personal_keys_are_not_told() -> None:
    made = Judged(VIEW, TOPIC, secret=True)
    books = two_keys()
    entry = entries(books)["K1"]
    status = Status(books.topic_id, 3, 0, 0, 0)

    made.compare({"K1": Answer(None, status, 0)}, [{"K1": entry}])

    assert made.line(1).wrong.missing.first == [f"{TOPIC}/0/2"]
