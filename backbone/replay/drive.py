"""A run: messages go to the owner by the ramp, and what it tells of each is heard.

Nothing is kept here: what was told stands in the log, so a run that was interrupted is gone on
with by the next one, which leaves out what is settled.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from backbone.log import Appender, Follower, Message
from backbone.replay.outcomes import SETTLED, Became, Report, Told
from backbone.replay.packing import packed
from backbone.replay.parked import Place
from backbone.replay.ramp import Ramp

LISTEN_SECONDS = 0.02
SILENCE_SECONDS = 30.0
_AT_A_TIME = 5_000


@dataclass(frozen=True, slots=True)
class Retry:
    """A message to the owner, and the place of what it repeats."""

    place: Place
    message: Message


@dataclass(frozen=True, slots=True)
class Line:
    """To the owner and back: `follower` reads the replayed topic from before the run began. `clock`
    gives seconds; `progress` is called now and then; `silence_seconds` without an answer end it."""

    appender: Appender
    follower: Follower
    clock: Callable[[], float]
    progress: Callable[["Drive"], None]
    silence_seconds: float = SILENCE_SECONDS


@dataclass(slots=True)
class Drive:
    """One run of `retries` under the id `replay`."""

    replay: str
    retries: Sequence[Retry]
    ramp: Ramp
    line: Line
    became: Counter[Became] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    silent: bool = False

    def run(self) -> None:
        """Until everything was told, failures stopped it, or the owner is silent."""
        waiting: set[Place] = set()
        quiet_since = self.line.clock()
        while not self._done(waiting):
            if not waiting:
                quiet_since = self.line.clock()
            self._send(waiting)
            if self._hear(waiting):
                quiet_since = self.line.clock()
            self.line.progress(self)
            if waiting and self.line.clock() - quiet_since > self.line.silence_seconds:
                self.silent = True
                return

    @property
    def settled(self) -> int:
        return sum(count for became, count in self.became.items() if became in SETTLED)

    def _done(self, waiting: set[Place]) -> bool:
        return not waiting and (self.ramp.stopped or self.ramp.sent == len(self.retries))

    def _send(self, waiting: set[Place]) -> None:
        count = min(self.ramp.allowance(self.line.clock()), _AT_A_TIME)
        if not count:
            return
        some = self.retries[self.ramp.sent : self.ramp.sent + count]
        self.line.appender.append(packed([each.message for each in some]))
        waiting.update(each.place for each in some)
        self.ramp.send(count)

    def _hear(self, waiting: set[Place]) -> bool:
        found = [each for each in self._answers() if (each.topic_id, each.of) in waiting]
        for each in found:
            if (each.topic_id, each.of) not in waiting:
                continue  # told twice around a crash of the owner
            waiting.discard((each.topic_id, each.of))
            self.became[each.became] += 1
            failed = each.became not in SETTLED
            if failed:
                self.codes[each.code or str(each.became)] += 1
            self.ramp.hear(failed=failed)
        return bool(found)

    def _answers(self) -> Iterator[Told]:
        batches = self.line.follower.poll(_AT_A_TIME, LISTEN_SECONDS)
        for value in (each for batch in batches for each in batch.values if each is not None):
            yield from (
                each for each in Report.from_bytes(value).told if each.replay == self.replay
            )


def sampled_first(retries: Sequence[Retry], causes: Mapping[Place, str], first: int) -> list[Retry]:
    """One of each cause in front, so that a fix that is wrong for any of them fails at once. The
    facts of a key keep their order: only what is the first of its key is moved."""
    keys: set[tuple[int | None, bytes | None]] = set()
    seen: set[str] = set()
    front: list[Retry] = []
    for each in retries:
        key = each.message.partition, each.message.key
        cause = causes[each.place]
        if key not in keys and cause not in seen and len(front) < first:
            seen.add(cause)
            front.append(each)
        keys.add(key)
    moved = {each.place for each in front}
    return [*front, *(each for each in retries if each.place not in moved)]
