"""The plan: what would become of each message if it were replayed now. Nothing is changed."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from backbone.dead_letter_causes import Cause
from backbone.dead_letter_reading import DeadLetter
from backbone.record import Outcome, Outcomes, RecordBatch
from backbone.replay.parked import Parked, Place
from backbone.replay.retry_headers import COUNT

MAX_REPLAYS = 20
"""A message that failed so often is not replayed again: something else must be done about it."""
_AT_A_TIME = 5_000

Rehearse = Callable[[RecordBatch], Outcomes]
"""Today's code on records that were passed before, without effects. Raises Transient."""


class Verdict(StrEnum):
    WOULD_PASS = "would_pass"  # noqa: S105 - no password
    WOULD_FAIL = "would_fail"
    SUPERSEDED = "superseded"
    ALREADY_APPLIED = "already_applied"
    HELD = "held"  # of strict folds: behind an earlier letter of its key that would not pass
    NOT_REPLAYABLE = "not_replayable"


_VERDICTS = {
    Outcome.APPLIED: Verdict.WOULD_PASS,
    Outcome.SUPERSEDED: Verdict.SUPERSEDED,
    Outcome.ALREADY_APPLIED: Verdict.ALREADY_APPLIED,
    Outcome.POISON: Verdict.WOULD_FAIL,
    Outcome.HELD: Verdict.HELD,
}


@dataclass(frozen=True, slots=True)
class Planned:
    """One message and its verdict; `why` is the code of the failure, or why it cannot be tried.
    `what` says what failed, without values: the cause that its next letter would have."""

    parked: Parked
    verdict: Verdict
    why: str | None = None
    what: str | None = None
    repair: Mapping[str, str] = field(default_factory=dict)  # of a source's reject

    @property
    def place(self) -> Place:
        return self.parked.place


@dataclass(frozen=True, slots=True)
class Target:
    """The topic that the processor reads, as it is now."""

    topic: str
    topic_id: str
    partitions: int


def planned(parked: Iterable[Parked], target: Target, rehearse: Rehearse) -> list[Planned]:
    """In the order in which they would be replayed: of each partition by first offset, so that the
    facts of one key come as they came before."""
    found: list[Planned] = []
    ready: list[Parked] = []
    for each in parked:
        why = not_replayable(each.letter, target)
        if why is None:
            ready.append(each)
        else:
            found.append(Planned(each, Verdict.NOT_REPLAYABLE, why))
    for batch, some in _batches(ready, target):
        outcomes = rehearse(batch)
        found += [_planned(each, outcomes, place) for place, each in enumerate(some)]
    return found


def not_replayable(letter: DeadLetter, target: Target) -> str | None:
    """Why the owner could not try it; None where it can."""
    return next(_obstacles(letter, target), None)


def _obstacles(letter: DeadLetter, target: Target) -> Iterator[str]:
    origin = letter.origin
    if origin is None:
        yield "no header tells where it stood"
        return
    if origin.topic != target.topic:
        yield f"it stood in {origin.topic}, which is not read here"
    if origin.topic_id not in {"", target.topic_id}:
        yield f"{origin.topic} was created again since"
    if not 0 <= origin.partition < target.partitions or origin.offset < 0:
        yield f"{origin} is no place there"
    if letter.truncated:
        yield "only its head was kept"
    if int(letter.header(COUNT) or 0) >= MAX_REPLAYS:
        yield f"it was replayed {MAX_REPLAYS} times"


Total = tuple[Verdict, str | None, str | None]
"""What many messages have in common: verdict, why and what."""


def totals(plan: Iterable[Planned]) -> Mapping[Total, int]:
    return Counter((each.verdict, each.why, each.what) for each in plan)


def _planned(parked: Parked, outcomes: Outcomes, place: int) -> Planned:
    verdict, poison = _VERDICTS[outcomes[place]], outcomes.poisons.get(place)
    if poison is None:
        return Planned(parked, verdict)
    cause = Cause.of_record(poison, parked.letter.record)
    return Planned(parked, verdict, cause.code, cause.detail)


def _offset(parked: Parked) -> tuple[int, int]:
    origin = parked.letter.origin
    return (origin.partition, origin.offset) if origin else (0, 0)


def _batches(
    ready: Iterable[Parked], target: Target
) -> Iterator[tuple[RecordBatch, Sequence[Parked]]]:
    ordered = sorted(ready, key=_offset)
    for partition, each in groupby(ordered, key=lambda parked: _offset(parked)[0]):
        rows = list(each)
        for start in range(0, len(rows), _AT_A_TIME):
            some = rows[start : start + _AT_A_TIME]
            yield _batch(partition, some, target), some


def _batch(partition: int, rows: Sequence[Parked], target: Target) -> RecordBatch:
    records = [each.letter.record for each in rows]
    return RecordBatch(
        topic=target.topic,
        topic_id=target.topic_id,
        partition=partition,
        offsets=[_offset(each)[1] for each in rows],
        keys=[each.key for each in records],
        values=[each.value for each in records],
        headers=[each.headers for each in records],
        timestamps_ms=[each.letter.published_ms for each in rows],
    )
