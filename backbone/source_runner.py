"""The SourceRunner: facts, rejects and the cursor of one batch in one Kafka transaction.

The procedure, each step a method (architecture: "Facts enter"; 1-3 in this order, the other one
published rows twice):

1. `assigned`: a shard of the cursor topic is ours; its partition is never read by the group.
2. `_open`: a new transactional producer fences the predecessor and resolves its transaction.
3. `_open`: only then the cursor is read, by a separate committed reader.
4. `_advance`: poll the source; begin the transaction only once the batch is in memory; commit.
   Meanwhile the next batches are polled, and published only behind this one.
5. `_discard`: after any error of unknown outcome throw the producer away and go to 2; an idle
   one is asked, too, whether its last commit has lasted.
6. `revoked`: nothing is in flight between two steps, so closing aborts; `lost`: discard.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from backbone import metrics
from backbone.backoff import Backoff
from backbone.contracts.catalog import Contracts
from backbone.cursor_record import NOTHING, CursorRecord
from backbone.errors import Transient
from backbone.log import BEGINNING, Membership, Message, Publisher
from backbone.logs import logger
from backbone.look_ahead import DEPTH, Ahead, LookAhead, Polled
from backbone.replay.mending import Mending, MendingLog, Work
from backbone.replay.rejects import Mends
from backbone.share import Share
from backbone.source import Batch, Cursor, Reject, Source
from backbone.source_messages import Encoder, SourceMessages, Tracing

_BUSY_REST_SECONDS = 0.01  # while rejects come back
MENDING_SHARD = 0
"""Its runner is also the one that takes the source's rejects back."""


def _cursor_after(before: CursorRecord, work: Work) -> bytes:
    return replace(before, retried=work.after(before.retried)).to_bytes()


@dataclass(slots=True)
class _Shard:
    publisher: Publisher
    opened: bool = False
    record: CursorRecord | None = None
    cursor: Cursor | None = None
    ahead: list[Ahead] = field(default_factory=list)  # behind what is being published, in order
    due: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(frozen=True, slots=True)
class Edges:
    """What a SourceRunner is given: how to make a shard's publisher, the encoder, the contracts,
    the largest record each fact topic takes (bytes), and the spans where there are any."""

    publisher: Callable[[int], Publisher]
    encoder: Encoder
    contracts: Contracts
    max_bytes: Mapping[str, int]
    tracing: Tracing | None = None
    mending: MendingLog | None = None


class SourceRunner:
    """Runs one source: its active shards here, standbys elsewhere. One thread.

    `idle_after` ends `run` once every owned shard's source said that it has nothing more
    (`run --until-idle`); without it `run` ends when `stop` says so.
    """

    def __init__(self, source: Source, edges: Edges) -> None:
        self._source = source
        self._edges = edges
        self._messages = SourceMessages(
            source.name, edges.contracts, edges.encoder, edges.max_bytes
        )
        self._polls = LookAhead(source, self._straight)
        self._share = Share([edges.contracts[name].topic for name in source.facts])
        self._mending: Mending | None = None
        if edges.mending is not None and isinstance(source, Mends):
            self._mending = Mending(source, self._messages, edges.mending)
        self._shards: dict[int, _Shard] = {}
        self._backoff = Backoff(most_seconds=1.0)  # of the group; each shard has its own
        self._log = logger(f"source.{source.name}")

    # 1 and 6: what the group says

    def assigned(self, partition: int, topic_id: str) -> int:
        del topic_id
        self._shards[partition] = _Shard(self._edges.publisher(partition))
        self._log.info("shard assigned", shard=partition)
        return BEGINNING  # the group's own reading: it never reads

    def revoked(self, partition: int) -> None:
        self._drop(partition, "shard handed over")

    def lost(self, partition: int) -> None:
        self._drop(partition, "shard lost: another worker has it")

    def _drop(self, partition: int, event: str) -> None:
        shard = self._shards.pop(partition, None)
        if self._mending is not None and partition == MENDING_SHARD:
            self._mending.stop()
        if shard is not None:
            shard.publisher.close()
            self._log.info(event, shard=partition)

    # the loop

    def run(
        self, membership: Membership, stop: Callable[[], bool], *, until_idle: bool = False
    ) -> None:
        """Serve the group and advance every owned shard that is due, until told to stop.

        Raises Fatal when going on could lose or double facts. Transients are waited out here.
        """
        idle = False
        if self._edges.tracing is None:
            self._messages.ready(self._source.facts)
        try:
            while not stop() and not (until_idle and idle):
                self._serve(membership)
                # a step may take seconds while a service is away: none once told to stop
                answers = [self._step(partition) for partition in list(self._shards) if not stop()]
                idle = bool(answers) and all(answers)
        finally:
            for partition in list(self._shards):
                self.revoked(partition)
            self._polls.close()

    def _serve(self, membership: Membership) -> None:
        try:
            membership.poll(self._rest_seconds())
        except Transient as error:
            seconds = self._backoff.next_seconds(error)
            self._log.warning("waiting", reason=str(error), seconds=round(seconds, 2))
            threading.Event().wait(seconds)
        else:
            self._backoff.reset()

    def _rest_seconds(self) -> float:
        now = time.monotonic()
        return max(0.0, min((shard.due - now for shard in self._shards.values()), default=0.5))

    def _step(self, partition: int) -> bool:
        """Advance one shard if it is due; True when its source is idle."""
        shard = self._shards[partition]
        if shard.due > time.monotonic():
            return False
        try:
            if not shard.opened:
                self._open(shard, partition)
            if partition == MENDING_SHARD:
                self._mend(shard)
            wait_seconds, idle = self._advance(shard)
            if self._mending is not None and self._mending.busy:
                wait_seconds = min(wait_seconds, _BUSY_REST_SECONDS)
                idle = idle and not self._mending.behind
        except Transient as error:
            wait_seconds, idle = shard.backoff.next_seconds(error), False
            self._log.warning("waiting", reason=str(error), seconds=round(wait_seconds, 2))
        else:
            shard.backoff.reset()
        shard.due = time.monotonic() + wait_seconds
        return idle

    def _open(self, shard: _Shard, partition: int) -> None:
        """Steps 2 and 3."""
        data = shard.publisher.open()
        shard.record = None if data is None else CursorRecord.from_bytes(data)
        shard.cursor = None if shard.record is None else shard.record.cursor
        if self._mending is not None and partition == MENDING_SHARD:
            self._mending.start((shard.record or NOTHING).retried)
        shard.opened = True
        self._log.info("shard open", shard=partition, resumed=shard.record is not None)

    def _mend(self, shard: _Shard) -> None:
        """One batch of rejects that come back, in a transaction of its own; the source's cursor
        stays where it was published last."""
        work = None if self._mending is None else self._mending.poll()
        if self._mending is None or work is None:
            return
        cursor = partial(_cursor_after, shard.record or NOTHING, work)
        try:
            shard.publisher.publish(self._mending.publishing(work), cursor)
        except Transient:
            self._discard(shard)
            raise
        shard.record = CursorRecord.from_bytes(cursor())

    def _advance(self, shard: _Shard) -> tuple[float, bool]:
        """Step 4. Returns how long to rest, and whether the source had nothing."""
        polled = self._poll(shard)
        batch = polled.batch
        metrics.SOURCE_POLLED.labels(self._source.name).set_to_current_time()
        if batch.empty:
            shard.cursor = batch.cursor
            self._check(shard)
            return batch.wait_seconds, batch.wait_seconds > 0
        rejects: list[Reject] = []
        self._look_ahead(shard, batch)
        try:
            self._publish(shard, polled, rejects)
        except Transient:
            self._discard(shard)
            raise
        shard.record, shard.cursor = self._account(shard.record, batch, rejects), batch.cursor
        self._count(batch, rejects)
        return batch.wait_seconds, False

    def _check(self, shard: _Shard) -> None:
        try:
            shard.publisher.check()
        except Transient:
            self._discard(shard)
            raise

    def _poll(self, shard: _Shard) -> Polled:
        """What was looked ahead for; where that was nothing, the source is asked again, for it is
        idle only if it has nothing after everything before was committed."""
        ahead, shard.ahead = shard.ahead, []
        if ahead:
            found = ahead[0].take()
            if not found.batch.empty:
                shard.ahead = ahead[1:]
                return found
        return self._polls.begin(shard.cursor).take()

    def _look_ahead(self, shard: _Shard, batch: Batch) -> None:
        """The batch is about to be published: what is behind it comes meanwhile."""
        if batch.wait_seconds:
            shard.ahead = []
            return
        if not shard.ahead:
            shard.ahead.append(self._polls.begin(batch.cursor))
        while len(shard.ahead) < DEPTH:
            shard.ahead.append(self._polls.behind(shard.ahead[-1]))

    def _straight(self, batch: Batch) -> Sequence[Message | None]:
        """Made while the batch before is published. A traced fact has spans around its making."""
        return () if self._edges.tracing is not None else self._messages.straight(batch)

    def _publish(self, shard: _Shard, polled: Polled, rejects: list[Reject]) -> None:
        """What is refused is left in `rejects`."""
        batch = polled.batch

        def cursor() -> bytes:
            return self._account(shard.record, batch, rejects).to_bytes()

        tracing = self._edges.tracing
        if tracing is None:
            made = self._messages.all(batch, polled.straight, rejects)
            shard.publisher.publish(self._share.counted(made), cursor)
            return
        messages = list(self._share.counted(self._messages.all_traced(batch, rejects, tracing)))
        with tracing.publishing(messages):
            shard.publisher.publish(messages, cursor)

    def _discard(self, shard: _Shard) -> None:
        """Step 5."""
        shard.publisher.close()
        shard.opened = False
        shard.ahead = []  # it goes on from a cursor that may not have been published

    def _account(
        self, before: CursorRecord | None, batch: Batch, rejects: Sequence[Reject]
    ) -> CursorRecord:
        read, rejected = batch.size, len(rejects)
        past = before or NOTHING
        return CursorRecord(
            cursor=batch.cursor,
            read=past.read + read,
            published=past.published + read - rejected,
            rejected=past.rejected + rejected,
            facts=self._share.after(past.facts, past.published, read - rejected),
            retried=past.retried,
        )

    def _count(self, batch: Batch, rejects: Sequence[Reject]) -> None:
        name = self._source.name
        published = batch.size - len(rejects)
        metrics.SOURCE_FACTS.labels(name).inc(published)
        metrics.SOURCE_PUBLISHED.labels(name).set_to_current_time()
        for reject in rejects:
            metrics.DEAD_LETTERS.labels(name, str(reject.poison.reason)).inc()
