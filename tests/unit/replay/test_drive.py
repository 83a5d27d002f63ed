"""A run against an owner that is played: what is sent, what is heard, when it ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backbone.log import Message, TopicSpec
from backbone.memory.follower import MemoryFollower
from backbone.memory.log import MemoryAdmin, MemoryAppender, MemoryLog
from backbone.replay.drive import Drive, Line, Retry, sampled_first
from backbone.replay.outcomes import Became, Report, Told
from backbone.replay.ramp import Ramp

OF = "dlq.prices/0"


def retries(count: int, key: bytes = b"k") -> list[Retry]:
    return [
        Retry(("id", f"{OF}/{number}"), Message("retry.prices", key, b"%d" % number, (), 0))
        for number in range(count)
    ]


@dataclass
class Owner:
    """Answers whatever it reads, when the run looks at the clock."""

    log: MemoryLog
    answer: Callable[[int], Became] = lambda _: Became.RECOVERED
    deaf: bool = False
    replay: str = "r1"
    read: int = 0
    seconds: float = 0.0
    waves: list[int] = field(default_factory=list)

    def clock(self) -> float:
        self.seconds += 0.001 if not self.deaf else 1.0
        rows = self.log.topic("retry.prices").partitions[0][self.read :]
        if rows and not self.deaf:
            self.read += len(rows)
            self.waves.append(len(rows))
            told = [self._told(int(row.value or b"")) for row in rows]
            report = Report("id", self.read, told)
            MemoryAppender(self.log).append(
                [Message("replayed.prices", None, report.to_bytes(), (), 0)]
            )
        return self.seconds

    def _told(self, number: int) -> Told:
        return Told(f"{OF}/{number}", "id", self.replay, self.answer(number), "handler_failed")


def world() -> MemoryLog:
    log = MemoryLog()
    for name in ("retry.prices", "replayed.prices"):
        MemoryAdmin(log).create(TopicSpec(name, 1))
    return log


def driven(owner: Owner, chosen: Sequence[Retry], ramp: Ramp) -> Drive:
    follower = MemoryFollower(owner.log, "replayed.prices")
    follower.start(0, 0)
    line = Line(MemoryAppender(owner.log), follower, owner.clock, lambda _: None)
    drive = Drive("r1", chosen, ramp, line)
    drive.run()
    return drive


def test_everything_is_sent_and_heard() -> None:
    owner = Owner(world())
    drive = driven(owner, retries(1_000), Ramp(1_000))

    assert drive.became == {Became.RECOVERED: 1_000}
    assert drive.settled == 1_000
    assert max(owner.waves) <= 10


def test_after_a_failure_nothing_more_is_sent() -> None:
    owner = Owner(world(), lambda number: Became.FAILED if number == 12 else Became.RECOVERED)
    drive = driven(owner, retries(1_000), Ramp(1_000))

    assert drive.ramp.stopped
    assert drive.ramp.sent <= 22
    assert drive.ramp.on_the_way == 0
    assert drive.codes == {"handler_failed": 1}


def test_an_owner_that_says_nothing_is_waited_for_so_long_and_no_longer() -> None:
    owner = Owner(world(), deaf=True)
    drive = driven(owner, retries(100), Ramp(100))

    assert drive.silent
    assert drive.ramp.on_the_way == 1
    assert 30 < owner.seconds < 70


def test_what_is_told_of_another_run_is_not_ours() -> None:
    owner = Owner(world(), replay="r0")
    drive = driven(owner, retries(5), Ramp(5))

    assert drive.silent
    assert drive.became == {}


def test_nothing_to_replay_ends_at_once() -> None:
    assert driven(Owner(world()), [], Ramp(0)).became == {}


def test_one_of_each_cause_goes_in_front_but_nothing_overtakes_its_own_key() -> None:
    first, second, third, fourth = (
        Retry(("id", str(number)), Message("t", key, b"", (), 0))
        for number, key in enumerate((b"a", b"a", b"b", b"c"))
    )
    causes = {first.place: "X", second.place: "Y", third.place: "X", fourth.place: "Y"}

    ordered = sampled_first([first, second, third, fourth], causes, 10)

    assert ordered == [first, fourth, second, third]
