"""What became of what was tried again: told by the owner in `replayed.<name>`, read by operators.

One record for each batch of retries, with the offset from which the owner goes on: so it is also
the owner's position in `retry.<name>`. It is written after the effects, so a crash in between has
them tried again, and the order version of what is stored keeps that from changing anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

import orjson

MAX_TOLD = 2_000
"""Outcomes in one record: some 200 KB."""


class Became(StrEnum):
    """What became of one retry. A closed set and a public contract."""

    RECOVERED = "recovered"  # its effect is stored, or its fact published
    SUPERSEDED = "superseded"  # a newer order version of its key was there before
    ALREADY_APPLIED = "already_applied"  # its own effect was there before
    FAILED = "failed_again"  # it is a dead letter once more
    REFUSED = "refused"  # it cannot be tried: topic recreated, place unknown, or HELD


_NAMED = {str(each): each for each in Became}

HELD = "held"
"""The code of what a strict fold refused: an earlier fact of its key is a dead letter still."""

SETTLED = frozenset({Became.RECOVERED, Became.SUPERSEDED, Became.ALREADY_APPLIED})
"""There is nothing more to be done."""


class Told(NamedTuple):
    """One outcome. `of` is the place of what was replayed, `topic_id` its topic's id, `replay` the
    run's; `code` says why it failed."""

    of: str
    topic_id: str
    replay: str
    became: Became
    code: str | None


class Report(NamedTuple):
    """One record of `replayed.<name>`: the owner goes on from `next` of the retry topic's partition
    in the topic with `topic_id`."""

    topic_id: str
    next: int
    told: Sequence[Told]

    def to_bytes(self) -> bytes:
        return orjson.dumps(
            {"topic_id": self.topic_id, "next": self.next, "told": [*map(tuple, self.told)]}
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Report":
        found = orjson.loads(data)
        told = [
            (of, topic, replay, _NAMED[became], code)
            for of, topic, replay, became, code in found["told"]
        ]
        return cls(found["topic_id"], found["next"], [*map(Told._make, told)])


def reports(topic_id: str, start: int, next_offset: int, told: Sequence[Told]) -> Iterator[Report]:
    """What came of the retries from `start` on, cut into records of bounded size. Only the last one
    moves the position."""
    for first in range(0, len(told), MAX_TOLD):
        last = first + MAX_TOLD >= len(told)
        yield Report(topic_id, next_offset if last else start, told[first : first + MAX_TOLD])


def resume_at(data: bytes | None, topic_id: str) -> int:
    """Where an owner goes on, by the newest record of its partition; from the beginning where the
    retry topic is another one than that tells of."""
    if data is None:
        return 0
    found = Report.from_bytes(data)
    return found.next if found.topic_id == topic_id else 0


def what_counts(told: Iterable[Told]) -> dict[tuple[str, str], Told]:
    """The outcome that counts for each place, by its topic's id and itself. What was settled stays
    so; that it was recovered counts before whatever trying it again told; else the last one."""
    found: dict[tuple[str, str], Told] = {}
    for each in told:
        before = found.get((each.topic_id, each.of))
        settled = before is not None and before.became in SETTLED
        if not settled or each.became is Became.RECOVERED:
            found[each.topic_id, each.of] = each
    return found
