"""Mending: a source's rejects come back through its own runner, in its own transactions.

Read from `retry.<source>` by whoever runs the source's first shard. The facts, what is rejected
once more, the outcomes and the position in the retry topic, which is part of the cursor record, are
committed in one transaction: each retry has its effect once, and a fenced predecessor has none. A
reject that was mended before publishes nothing again, whoever sends it.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from backbone.log import Follower, Message
from backbone.record import Header, Headers, RecordBatch
from backbone.replay.outcomes import (
    SETTLED,
    Became,
    Report,
    Told,
    ToldColumns,
    reports,
    what_counts,
)
from backbone.replay.parked import Place
from backbone.replay.rejects import Mends, of_retry
from backbone.replay.retry_headers import COUNT, ID, OF, Marks
from backbone.replay.retry_texts import as_text
from backbone.source import Reject
from backbone.source_messages import SourceMessages

MAX_RECORDS = 1_000
_BUSY_SECONDS = 2.0
_SECONDS = 0.2  # for what is known to be there


@dataclass(frozen=True, slots=True)
class Retried:
    """How far a source is in its retry topic, and how many of its rejects became facts: part of its
    cursor record."""

    topic_id: str = ""
    next: int = 0
    mended: int = 0


@dataclass(slots=True)
class Work:
    """One batch of retries, for one transaction; `told` is filled while it is published."""

    records: RecordBatch
    told: list[Told] = field(default_factory=list)

    def after(self, before: Retried) -> Retried:
        """Where the source stands once this is committed."""
        mended = sum(each.became is Became.RECOVERED for each in self.told)
        return Retried(self.records.topic_id, self.records.next_offset, before.mended + mended)


@dataclass(frozen=True, slots=True)
class MendingLog:
    """The source's retry topic, its id and its end (0 where it is empty); its replayed topic, and
    every value that stands there."""

    follower: Follower
    topic_id: Callable[[], str]
    end: Callable[[], int]
    replayed: str
    told: Callable[[], Iterable[bytes]]


class Mending:
    """Given to a SourceRunner. Called from its thread alone."""

    def __init__(self, source: Mends, messages: SourceMessages, log: MendingLog) -> None:
        self._source = source
        self._messages = messages
        self._log = log
        self._settled: set[Place] | None = None
        self._next = self._until = 0
        self._busy_until = 0.0

    @property
    def behind(self) -> bool:
        """Whether there are retries that stood there when the shard was opened."""
        return self._next < self._until

    @property
    def busy(self) -> bool:
        """Whether more are likely: a run sends when it has heard of those before."""
        return self.behind or time.monotonic() < self._busy_until

    def start(self, at: Retried) -> None:
        """The shard was opened: go on from its cursor."""
        self._next = at.next if at.topic_id == self._log.topic_id() else 0
        self._until = self._log.end()
        self._settled = None
        self._log.follower.start(0, self._next)

    def stop(self) -> None:
        self._log.follower.stop(0)

    def poll(self) -> Work | None:
        """Raises Transient, Fatal."""
        seconds = _SECONDS if self.behind else 0
        for records in self._log.follower.poll(MAX_RECORDS, seconds):
            self._next = records.next_offset
            self._busy_until = time.monotonic() + _BUSY_SECONDS
            return Work(records)
        return None

    def publishing(self, work: Work) -> Iterator[Message]:
        """Everything of the transaction but the cursor. Raises Transient."""
        settled = self._known()
        work.told.clear()
        for record in work.records:
            marks = Marks.of_headers(record.headers)
            of, topic_id = marks.place()
            place = topic_id, of
            became, code = _MENDED_BEFORE
            if place not in settled:
                made = self._source.mend(of_retry(record))
                message, reject = self._messages.again(made, _kept(record.headers))
                became, code = _became(reject)
                yield message
            if became in SETTLED:
                settled.add(place)
            work.told.append(Told(of, topic_id, marks.about.replay, became, code))
        records, told = work.records, ToldColumns.of(work.told)
        for each in reports(records.topic_id, records.offsets[0], records.next_offset, told):
            yield Message(self._log.replayed, None, each, (), 0)

    def _known(self) -> set[Place]:
        """What is settled, read once after the shard was opened: from then on it is ours alone."""
        if self._settled is None:
            values = self._log.told()
            told = what_counts(each for data in values for each in Report.from_bytes(data).told)
            self._settled = {place for place, each in told.items() if each.became in SETTLED}
        return self._settled


_MENDED_BEFORE: tuple[Became, str | None] = (Became.ALREADY_APPLIED, None)


def _became(reject: Reject | None) -> tuple[Became, str | None]:
    if reject is None:
        return Became.RECOVERED, None
    return Became.FAILED, str(reject.poison.reason)


def _kept(headers: Headers) -> list[Header]:
    """What the next dead letter says of this replay."""
    return [each for each in as_text(headers) if each[0] in {ID, COUNT, OF}]
