"""Rejects that come back to their source, on memory twins: each has its effect once."""

from collections.abc import Mapping
from dataclasses import dataclass

from backbone.dead_letter_reading import DeadLetter
from backbone.fact import Fact
from backbone.log import TopicSpec
from backbone.memory.follower import MemoryFollower
from backbone.memory.log import MemoryAdmin, MemoryAppender
from backbone.memory.reader import MemoryReader
from backbone.record import Record
from backbone.replay.mending import MendingLog, Retried
from backbone.replay.outcomes import Became, Report
from backbone.replay.rejects import Rejected, message
from backbone.replay.retry_headers import COUNT, Run
from backbone.source import Reject
from backbone.source_runner import Edges, SourceRunner
from tests.unit.test_source_runner import TOPIC, Bench, Numbers

RUN = Run("r1", "tester")
BAD = frozenset({1, 3})


class Mendable(Numbers):
    """A bad number is mended by another one."""

    def mend(self, rejected: Rejected) -> Fact | Reject:
        number = int(rejected.repair.get("number", rejected.origin.value))
        return self._reject(number) if number in self.bad else self._fact(number)


@dataclass
class Mending(Bench):
    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("retry.numbers", "replayed.numbers"):
            MemoryAdmin(self.log).create(TopicSpec(name, 1))

    def runner(self, source: Numbers) -> SourceRunner:
        log = MendingLog(
            MemoryFollower(self.log, "retry.numbers"),
            lambda: self.log.topics["retry.numbers"].topic_id,
            lambda: len(self.log.topic("retry.numbers").partitions[0]),
            "replayed.numbers",
            lambda: [each.value or b"" for each in self._records("replayed.numbers")],
        )
        limits = {TOPIC: self.max_bytes}
        edges = Edges(self.publisher, self.codec, self.contracts, limits, mending=log)
        return SourceRunner(source, edges)

    def replay(self, repairs: Mapping[str, Mapping[str, str]]) -> None:
        """The letters that stand there now."""
        for each in self.letters():
            repair = repairs.get(each.where)
            if repair is not None:
                MemoryAppender(self.log).append([message("numbers", each, repair, RUN)])

    def letters(self) -> list[DeadLetter]:
        return [*map(DeadLetter.of, self._records("dlq.numbers"))]

    def became(self) -> list[Became]:
        values = [each.value or b"" for each in self._records("replayed.numbers")]
        return [told.became for value in values for told in Report.from_bytes(value).told]

    def _records(self, topic: str) -> list[Record]:
        return list(MemoryReader(self.log).scan(topic))


MENDED = {"n:1": {"number": "11"}, "n:3": {"number": "13"}}


def test_mended_rejects_are_published_and_counted_beside_the_others() -> None:
    bench = Mending()
    bench.run(Mendable(4, bad=BAD))
    bench.replay(MENDED)
    bench.run(Mendable(4, bad=BAD))

    assert bench.ids() == ["id-0", "id-2", "id-11", "id-13"]
    assert bench.became() == [Became.RECOVERED, Became.RECOVERED]
    found = bench.cursor()
    assert (found.read, found.published, found.rejected) == (4, 2, 2)
    assert (found.retried.next, found.retried.mended) == (2, 2)


def test_asked_twice_nothing_is_published_twice() -> None:
    bench = Mending()
    bench.run(Mendable(4, bad=BAD))
    bench.replay(MENDED)
    bench.replay(MENDED)
    bench.run(Mendable(4, bad=BAD))
    bench.replay(MENDED)
    bench.run(Mendable(4, bad=BAD))

    assert bench.ids() == ["id-0", "id-2", "id-11", "id-13"]
    assert bench.became() == [Became.RECOVERED] * 2 + [Became.ALREADY_APPLIED] * 4


def test_what_is_not_mended_is_rejected_again_and_marked() -> None:
    bench = Mending()
    bench.run(Mendable(4, bad=BAD))
    bench.replay({"n:1": {}})
    bench.run(Mendable(4, bad=BAD))

    *_, again = bench.letters()
    assert bench.became() == [Became.FAILED]
    assert (again.where, again.record.value, again.header(COUNT)) == ("n:1", b"1", "1")
    assert bench.ids() == ["id-0", "id-2"]


def test_when_the_outcome_of_a_commit_is_unknown_it_is_found_out() -> None:
    for unsure in ({"fail_before_commit": 1}, {"fail_after_commit": 1}):
        bench = Mending()
        bench.run(Mendable(4, bad=BAD))
        bench.replay(MENDED)
        for name, count in unsure.items():
            setattr(bench, name, count)
        bench.run(Mendable(4, bad=BAD))

        assert bench.ids() == ["id-0", "id-2", "id-11", "id-13"]
        assert bench.became() == [Became.RECOVERED, Became.RECOVERED]


def test_facts_go_on_beside_and_keep_the_position_of_what_came_back() -> None:
    bench = Mending()
    bench.run(Mendable(4, bad=BAD))
    bench.replay(MENDED)
    bench.run(Mendable(6, bad=BAD))

    assert sorted(bench.ids()) == ["id-0", "id-11", "id-13", "id-2", "id-4", "id-5"]
    assert bench.cursor().retried.mended == 2
    assert bench.cursor().read == 6


def test_a_cursor_record_of_before_is_read() -> None:
    bench = Mending()
    bench.run(Mendable(2))
    (record,) = bench._records("cursor.numbers")
    assert bench.cursor().retried == Retried()
    assert b'"retried"' in (record.value or b"")


def test_a_source_that_cannot_mend_leaves_its_retries() -> None:
    bench = Mending()
    bench.run(Numbers(4, bad=BAD))
    bench.replay(MENDED)
    bench.run(Numbers(4, bad=BAD))

    assert bench.became() == []
