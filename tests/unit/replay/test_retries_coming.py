"""What a round of retries takes: by a follower that is played."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random

import pytest

from backbone.errors import BackboneError, Fatal, Transient
from backbone.fact import LogPosition
from backbone.record import Record, RecordBatch
from backbone.replay import retries_coming
from backbone.replay.packing import packed
from backbone.replay.retries_coming import Coming, RetriesComing
from tests.unit.replay.test_packs import in_log, retry

MIB = 1024 * 1024


class Played:
    """Gives what it was given, a poll at a time, and then nothing."""

    def __init__(self, answers: Iterable[Sequence[RecordBatch] | BackboneError]) -> None:
        self.answers = [*answers]
        self.stopped: list[int] = []

    def start(self, partition: int, offset: int) -> None: ...

    def stop(self, partition: int) -> None:
        self.stopped.append(partition)

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch]:
        assert (max_records > 0, timeout_seconds) == (True, 0)
        answer = self.answers.pop(0) if self.answers else []
        if isinstance(answer, BackboneError):
            raise answer
        return answer

    def close(self) -> None: ...


def batch(partition: int, start: int, count: int, size: int = 1) -> RecordBatch:
    return RecordBatch.of(
        [
            Record(LogPosition("id", "retry.x", partition, start + at), b"k", b"v" * size, [], 0)
            for at in range(count)
        ]
    )


def offsets(found: Sequence[Coming]) -> list[tuple[int, list[int]]]:
    return [(each.partition, [*each.records.offsets]) for each in found]


@pytest.fixture(autouse=True)
def _four_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries_coming, "MAX_RETRIES", 4)
    monkeypatch.setattr(retries_coming, "LONG_SECONDS", 600.0)


def test_a_whole_round_of_one_partition_goes_before_less_of_several() -> None:
    coming = RetriesComing(Played([[batch(0, 0, 3)], [batch(1, 0, 5)]]))

    assert offsets(coming.poll()) == [(1, [0, 1, 2, 3])]
    assert offsets(coming.poll()) == [(0, [0, 1, 2]), (1, [4])]
    assert offsets(coming.poll()) == []


def test_what_is_less_than_a_round_is_taken_with_what_follows_it() -> None:
    coming = RetriesComing(Played([[batch(0, 0, 3)], [batch(0, 3, 3)]]))

    assert offsets(coming.poll()) == [(0, [0, 1, 2, 3])]
    assert offsets(coming.poll()) == [(0, [4, 5])]


def test_a_part_of_a_partition_is_not_taken_beside_another() -> None:
    coming = RetriesComing(Played([[batch(0, 0, 3), batch(1, 0, 2)]]))

    assert offsets(coming.poll()) == [(0, [0, 1, 2])]
    assert offsets(coming.poll()) == [(1, [0, 1])]


def test_no_more_is_read_than_some_rounds_though_no_partition_has_a_whole_one() -> None:
    follower = Played([[batch(each, 0, 3)] for each in range(20)])
    coming = RetriesComing(follower)

    assert offsets(coming.poll()) == [(0, [0, 1, 2])]
    assert len(follower.answers) == 14
    large = RetriesComing(follower := Played([[batch(each, 0, 1, MIB)] for each in range(20)]))
    assert len(large.poll()) == 4
    assert len(follower.answers) == 4


def test_a_round_is_bounded_in_bytes_too() -> None:
    follower = Played([[batch(0, 0, 3, 2 * MIB)], [batch(0, 3, 1, 9 * MIB)]])
    coming = RetriesComing(follower)

    assert offsets(coming.poll()) == [(0, [0, 1])]
    assert len(follower.answers) == 1, "a whole round was there"
    assert offsets(coming.poll()) == [(0, [2])]
    assert offsets(coming.poll()) == [(0, [3])]


def test_whoever_waits_long_has_its_turn_before_whole_rounds_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    coming = RetriesComing(Played([[batch(0, 0, 20), batch(1, 0, 1)]]))
    assert offsets(coming.poll()) == [(0, [0, 1, 2, 3])]
    assert offsets(coming.poll()) == [(0, [4, 5, 6, 7])]
    monkeypatch.setattr(retries_coming, "LONG_SECONDS", 0.0)

    assert offsets(coming.poll()) == [(1, [0])]
    assert offsets(coming.poll()) == [(0, [8, 9, 10, 11])]


@pytest.mark.parametrize("error", [Transient("away"), Fatal("damaged")])
def test_what_goes_wrong_while_a_round_is_filled_up_takes_nothing_from_it(
    error: BackboneError,
) -> None:
    coming = RetriesComing(Played([[batch(0, 0, 3)], error, [batch(0, 3, 1)]]))

    with pytest.raises(type(error)):
        coming.poll()
    assert offsets(coming.poll()) == [(0, [0, 1, 2, 3])]


def test_a_pack_that_is_more_than_a_round_comes_alone() -> None:
    pack = in_log(packed([*map(retry, range(20))]))
    coming = RetriesComing(Played([[pack.with_next(pack)]]))

    for _ in range(2):
        (found,) = coming.poll()
        assert (len(found.records), len(found.opened.records)) == (1, 20)
    assert coming.poll() == []


def test_of_a_partition_that_is_handed_over_nothing_comes() -> None:
    follower = Played([[batch(0, 0, 9)], [batch(0, 0, 2)]])
    coming = RetriesComing(follower)
    assert offsets(coming.poll()) == [(0, [0, 1, 2, 3])]
    coming.look_ahead()
    coming.stop(0)

    assert follower.stopped == [0]
    assert offsets(coming.poll()) == [(0, [0, 1])]


@pytest.mark.parametrize("seed", range(20))
def test_everything_comes_once_and_in_order(seed: int) -> None:
    random, ends = Random(seed), defaultdict[int, int](int)
    answers: list[list[RecordBatch]] = []
    for _ in range(30):
        answers.append([])
        for partition in random.sample(range(4), random.randrange(1, 4)):
            count = random.randrange(1, 9)
            answers[-1].append(batch(partition, ends[partition], count))
            ends[partition] += count
    coming, came = RetriesComing(Played(answers)), defaultdict[int, list[int]](list)

    while found := coming.poll():
        assert len({each.partition for each in found}) == len(found)
        assert sum(len(each.records) for each in found) <= 4
        for each in found:
            came[each.partition] += each.records.offsets
        if random.random() < 0.5:
            coming.look_ahead()

    assert came == {partition: [*range(end)] for partition, end in ends.items()}
