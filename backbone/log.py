"""The ports of the log: what the kernel needs of Kafka, and nothing more.

`backbone/kafka/` implements them on confluent-kafka, `backbone/memory/` in memory; both pass
`tests/contract/test_log.py`.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from backbone.record import Headers, Record, RecordBatch

BEGINNING = -2
"""As a start: the first record that is still there, whatever its offset."""


class Message(NamedTuple):
    """One record to append. `partition` None: by murmur2 of the key, like every producer.

    A tuple, for a source makes one per fact and a dataclass takes three times as long to make.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it should be. `config` holds only what differs from the broker's defaults."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as it is. `config` is complete: every value that is in force."""

    name: str
    topic_id: str
    partitions: int
    config: Mapping[str, str]


class TopicAdmin(Protocol):
    """Topics from outside. Every call raises Transient when the cluster does not answer."""

    def describe(self, names: Sequence[str]) -> dict[str, TopicState]:
        """The topics that exist among `names`."""

    def topic_ids(self, names: Sequence[str]) -> dict[str, str]:
        """Topic ids only: cheap enough to be asked every second."""

    def create(self, spec: TopicSpec) -> None:
        """Create it; an existing topic of that name is left as it is."""

    def configure(self, name: str, config: Mapping[str, str]) -> None:
        """Set the given values, leave the others."""

    def offsets_at(self, topic: str, timestamp_ms: int) -> dict[int, int]:
        """Per partition: the offset of the first record with this timestamp or a later one; the
        end where there is none."""

    def starts(self, topic: str) -> dict[int, int]:
        """Per partition: the offset of the first record that is still there."""

    def ends(self, topic: str) -> dict[int, int]:
        """Per partition: the offset behind the last record a committed reader can see now."""


class Appender(Protocol):
    """Appends outside any transaction: dead letters, retries and what became of them."""

    def append(self, messages: Sequence[Message]) -> None:
        """Return once the cluster has acknowledged every message. Raises Transient when that is
        not known (repeating may double them), Fatal when one can never be written."""

    def close(self) -> None: ...


class Publisher(Protocol):
    """Exactly-once publishing of one source's shard: facts, rejects and cursor in one transaction.

    Called by the SourceRunner in the order open, publish …, close, from one thread.
    """

    def open(self) -> bytes | None:
        """Fence any predecessor and resolve its open transaction, then read the newest cursor
        (None: there is none yet). In this order: the other one published rows twice."""

    def publish(self, messages: Iterable[Message], cursor: bytes | Callable[[], bytes]) -> None:
        """Commit all or nothing. Messages may be made while those before them are on their way; a
        cursor that depends on them is a function, called once they all were taken. What making
        them raises comes through, and nothing is committed: close then.

        Raises Fenced when another publisher of this shard has opened; Transient when the outcome
        is not known: then close, open again and go on from the cursor that `open` gives."""

    def check(self) -> None:
        """Called now and then while there is nothing to publish. Raises Transient when what was
        committed may not have lasted: then the same as after `publish`."""

    def close(self) -> None:
        """Abort what is open and let go. Never raises, may be called twice."""


class Listener(Protocol):
    """What a group member is told. Called from within `poll`, from the polling thread."""

    def assigned(self, partition: int, topic_id: str) -> int:
        """The partition is ours: return the offset to start at, or BEGINNING.
        Raising Transient keeps it unread; it is asked again after a moment."""

    def revoked(self, partition: int) -> None:
        """It goes to somebody else once this returns: finish or abort first. Never raises."""

    def lost(self, partition: int) -> None:
        """Somebody else has it already: discard. Never raises."""


class Committed(NamedTuple):
    """What a group keeps of a partition: the offset to go on at, and a note beside it."""

    offset: int
    note: str


NOTE_BYTES = 4_000
"""How long a note may be, in UTF-8: a little less than brokers take (offset.metadata.max.bytes)."""


class GroupOffsets(Protocol):
    """The offsets that a group keeps, for a sink whose effects lie where no position fits. Called
    from the thread that polls, `committed` also while the partition is being assigned."""

    def committed(self, partition: int) -> Committed | None:
        """What was committed last, by whichever member; None: nothing, or it has expired.
        Raises Transient, Fatal."""

    def commit(self, partition: int, offset: int, note: str) -> None:
        """Return once the group keeps it. The fence: who has lost the partition commits nothing.
        Raises Transient also then, for the next poll tells the listener; Fatal where the broker
        refuses the note."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a partition was reached: everything committed until `seen_ms` was delivered."""

    partition: int
    offset: int
    seen_ms: int


class Subscription(Protocol):
    """A member of a consumer group on one topic. One thread; a poll at least every 30 s."""

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch | End]:
        """Batches of consecutive committed records, one per partition at most, and ends reached.

        Raises Transient when the cluster does not answer, Fatal when the topic was deleted or
        created again, or when the offset asked for is gone (retention): never a silent jump."""

    def keep_alive(self, seconds: float) -> None:
        """Stay in the group without reading for so long. The listener may be called."""

    def rewind(self, partition: int, offset: int) -> None:
        """Deliver again from `offset`; what was fetched already is dropped."""

    def close(self) -> None: ...


class KeepingSubscription(Subscription, GroupOffsets, Protocol):
    """A subscription whose group keeps its offsets: what a sink reads with."""


class Membership(Protocol):
    """A member of a group that shares out shards without reading: who runs which source shard."""

    def poll(self, timeout_seconds: float) -> None:
        """Serve the group; the listener is told what changed. Raises Transient when the cluster
        does not answer before it was joined, Fatal when the topic was deleted or created again."""

    def close(self) -> None: ...


class Follower(Protocol):
    """Reads partitions of one topic as records come, outside any group: what a processor has to
    try again, by whoever owns its partitions. One thread."""

    def start(self, partition: int, offset: int) -> None:
        """Deliver from `offset` on, or from the first record still there where that is later; what
        was fetched before is dropped. Also for a partition that was started before."""

    def stop(self, partition: int) -> None:
        """Deliver nothing more of it."""

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[RecordBatch]:
        """Committed records of the started partitions, one batch for each at most. Raises Transient
        and Fatal."""

    def close(self) -> None: ...


Wanted = Callable[[bytes | None], bool]
"""Says of a record's key whether the record is wanted."""


class Reader(Protocol):
    """Reads a bounded piece of a topic, outside any group: for operators, audits and replays."""

    def scan(
        self, topic: str, starts: Mapping[int, int] | None = None, wanted: Wanted | None = None
    ) -> Generator[Record, None, None]:
        """Every committed record from `starts` (a partition left out: from its beginning) to the
        ends captured at the call, partition by partition in offset order. `wanted` is asked about
        each key; a record that is not wanted costs a tenth of one that is."""

    def newest(self, topic: str, partition: int) -> bytes | None:
        """The value of the partition's last committed record, None where there is none."""

    def newest_of(self, topic: str, partitions: Sequence[int]) -> Mapping[int, bytes | None]:
        """The same of several at once, which takes no longer than one of them."""

    def close(self) -> None: ...
