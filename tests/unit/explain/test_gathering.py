"""What is gathered of one key, from memory twins: its facts, their rows, and what was not seen."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from backbone.errors import Poison, PoisonReason, Transient
from backbone.explain.evidence import Account, Broken, Evidence, Testimony, Unseen
from backbone.explain.gathering import Subject, Witnesses, gather
from backbone.fact import Envelope, Fact, Origin
from backbone.log import Message, TopicSpec
from backbone.memory.reader import MemoryReader
from backbone.source import Cursor, Reject
from backbone.source_lookup import NoRow, SourceRow
from backbone.views.store import Answer, Entry
from processors.catalog import VIEWS
from processors.refold import refold
from processors.view import LatestByKey
from tests.view_bench import PRICE, Bench

COPY = "copy"


class Rows:
    """A source that always gives the same answer."""

    facts: Sequence[str] = (PRICE,)

    def __init__(self, answer: SourceRow | NoRow | Transient) -> None:
        self._answer = answer
        self.asked: list[str] = []

    def find(self, envelope: Envelope) -> SourceRow | NoRow:
        self.asked.append(envelope.id)
        if isinstance(self._answer, Transient):
            raise self._answer
        return self._answer

    def rows(self, cursor: Cursor) -> Iterator[SourceRow]:
        raise NotImplementedError(cursor)

    def put_away(self) -> Callable[[str], bool]:
        raise NotImplementedError


GONE = NoRow("row:1", "it was put away")


@pytest.fixture
def bench() -> Bench:
    """Three prices of A, the second of which is the newest, and one of B."""
    made = Bench(VIEWS["prices"])
    for seconds, price in ((1, "1.00"), (3, "3.00"), (2, "2.00")):
        made.price("A", price, seconds)
    made.price("B", "9.00", 1)
    made.worker().run(polls=2)
    return made


def gathered(
    bench: Bench, rows: Rows | None = None, copy: str | None = None, *, refused: bool = False
) -> Evidence:
    view = bench.view
    latest = isinstance(view, LatestByKey)
    reads = frozenset(view.reads)
    subject = Subject(view.name, "A", view.topic, 1, reads, latest, copy)
    lookups = {PRICE: [rows or Rows(GONE)]}
    reader = MemoryReader(bench.log)
    ask = Witnesses(reader, bench.admin, bench.codec, lookups, lambda _: refused)
    return gather(subject, answer(bench), ask, fold_of(bench))


def fold_of(bench: Bench) -> Callable[[Sequence[Fact]], Entry | None]:
    return lambda facts: refold(bench.view, facts)


def answer(bench: Bench) -> Answer:
    return asyncio.run(bench.views.reader().get(bench.id, "A"))


def source(evidence: Evidence) -> Testimony | None:
    """Of the one fact that was followed."""
    (told,) = [each.source for each in evidence.chapters if each.source is not None]
    return told


def test_every_fact_of_the_key_is_there_and_the_newest_is_followed(bench: Bench) -> None:
    evidence = gathered(bench)

    assert [each.offset for each in evidence.chapters] == [0, 1, 2]
    assert [each.offset for each in evidence.chapters if each.source] == [1]
    assert evidence.entry is not None
    assert evidence.entry.offset == 1
    assert evidence.gaps == []


def test_a_row_is_what_its_source_makes_of_it(bench: Bench) -> None:
    told = gathered(bench).chapters[1].fact
    assert isinstance(told, Account)

    evidence = gathered(bench, Rows(SourceRow("row:1", told.fact)))

    assert source(evidence) == Account("row:1", told.fact)


def test_a_row_that_was_put_away_is_not_seen(bench: Bench) -> None:
    assert source(gathered(bench)) == Unseen("row:1", "it was put away")


def test_a_source_that_is_away_is_not_seen(bench: Bench) -> None:
    told = source(gathered(bench, Rows(Transient("the database is away"))))

    assert told == Unseen("7", "the source could not be asked: the database is away")


def test_a_row_that_is_refused_now_is_a_lie_unless_it_was_refused_before(bench: Bench) -> None:
    poison = Poison(PoisonReason.INVALID, "price: must be greater than 0")
    rows = Rows(SourceRow("row:1", Reject(Origin("row:1", b""), poison)))

    assert isinstance(source(gathered(bench, rows)), Broken)
    assert isinstance(source(gathered(bench, rows, refused=True)), Unseen)


def test_without_a_warehouse_its_row_is_not_seen(bench: Bench) -> None:
    told = gathered(bench).chapters[1].warehouse

    assert told == Unseen("", "no warehouse is configured")


def test_facts_behind_the_view_are_no_part_of_the_value(bench: Bench) -> None:
    bench.price("A", "4.00", 4)

    assert [each.offset for each in gathered(bench).chapters] == [0, 1, 2]


def test_a_copy_tells_the_facts_and_the_topic_where_they_stand(bench: Bench) -> None:
    """In the copy they stand behind others, and one of them lacks."""
    bench.admin.create(TopicSpec(COPY, 1))
    records = list(MemoryReader(bench.log).scan(bench.view.topic))
    bench.append(Message(COPY, b"other", b"-"))
    for number, record in enumerate(records[:2]):
        _copy(bench, record.key, record.value, f"id-{number}")
    partition = bench.log.topic(bench.view.topic).partitions[0]
    partition[:] = [
        replace(each, headers=[("ce_id", f"id-{number}".encode())])
        for number, each in enumerate(partition)
    ]

    told = [each.fact for each in gathered(bench, copy=COPY).chapters]

    assert [each.where for each in told] == ["copy/0/1", "copy/0/2", "copy"]
    assert isinstance(told[2], Broken)
    assert isinstance(told[1], Account)
    assert told[1].fact.position == records[1].position


def _copy(bench: Bench, key: bytes | None, value: bytes | None, event: str) -> None:
    bench.append(Message(COPY, key, value, [("ce_id", event.encode())]))


def test_a_view_that_was_not_built_is_said_so(bench: Bench) -> None:
    bench.views.flush()

    assert gathered(bench).gaps == ["prices was not built yet: nothing is stored of its partition"]


def test_a_topic_that_was_made_again_is_said_so(bench: Bench) -> None:
    bench.log.topic(bench.view.topic).topic_id = "another"

    assert gathered(bench).gaps == [
        "pricing.price.v1 was made again since the view was built from it"
    ]
