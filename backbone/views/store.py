"""The ports of a materialized view: one writer per partition, many readers.

A view partition holds, beside its entries and an index of its keys, three small values that are
read and written together with them: the *claim* (who may write), the *offset* (the next log
offset to apply) and the *status* (what a reader must know about age and position). Of a strict fold
it also holds what is *held*: facts that wait for an earlier one of their key.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from backbone.errors import BackboneError


class Wiped(BackboneError):
    """The store no longer holds the claim or the offset it was given: it was emptied, or replaced
    by an older copy. Claim again and heal from the log."""


@dataclass(frozen=True, slots=True)
class ViewId:
    """A view as the store knows it. `partitions` is fixed for a version: keys map by murmur2 to
    them exactly as the topic's producers map them, so one topic partition feeds one view
    partition."""

    name: str
    version: int
    partitions: int


class Entry(NamedTuple):
    """One key's value with what it was made from. A tuple, for a read makes one.

    `order_version` and `offset` decide what is newer; `event_id`, `source` and `sequence` name
    the fact applied last; `published_ms` is its publish time, `occurred_ms` when it happened.
    """

    value: Mapping[str, Any]
    order_version: int
    offset: int
    event_id: str
    source: str
    sequence: str
    published_ms: int
    occurred_ms: int


class Status(NamedTuple):
    """How far a view partition is. Written by its owner, atomically with what it describes.

    `offset`: next log offset to apply. `rebuild_until`: until this offset is reached readers are
    answered 503 (0: nothing to rebuild). `as_of_ms`: publish time of the last record
    of the newest part that changed anything.
    `current_until_ms`: the view holds everything that was published up to this instant.
    """

    topic_id: str
    offset: int
    rebuild_until: int
    as_of_ms: int
    current_until_ms: int

    @property
    def rebuilding(self) -> bool:
        return self.offset < self.rebuild_until


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a claim: the token to write with, the state found, and the server's run id
    (another one later means another server, or the same one restarted)."""

    token: str
    status: Status | None
    run_id: str


Version = tuple[int, int]
"""(order version, offset) of an entry: what decides which of two facts of a key is newer."""


class EncodedEntry(NamedTuple):
    """An Entry as `backbone.views.encoding.encode_entry` writes it, with its version beside it."""

    version: Version
    data: bytes


AnyEntry = Entry | EncodedEntry


@dataclass(frozen=True, slots=True)
class Part:
    """One atomic write: entries (None deletes), and the status that holds after it.

    `expected_offset` is the offset stored now; `status.offset` the one stored afterwards.
    Distinct keys are limited (`backbone.views.part.MAX_KEYS`); of those in `known` the caller knows
    that the store has entries already. A heartbeat has no entries, and equal offsets. `held` are
    the changes of what is held, by log offset (None forgets it); the bytes are the caller's own.
    """

    expected_offset: int
    entries: Mapping[str, AnyEntry | None]
    status: Status
    known: Collection[str] = frozenset()
    held: Mapping[int, bytes | None] = field(default_factory=dict)


class Writing(Protocol):
    """Parts on their way into the store. Given by `ViewWriter.begin`."""

    @property
    def written(self) -> int:
        """How many of the parts are known to be written, from the first on."""

    def finish(self) -> None:
        """Wait until every part is written. Raises what `ViewWriter.write` raises for the first
        that is not. Called at most once."""

    def abandon(self) -> None:
        """Do not wait: whether the parts are written is not known. Never raises."""


class Reading(Protocol):
    """Entries on their way from the store. Given by `ViewWriter.begin_read`."""

    def finish(self) -> list["Entry | None"]:
        """Wait for them, in the order of the keys. Raises Transient. Called at most once."""

    def abandon(self) -> None:
        """Do not wait. Never raises."""


class ViewWriter(Protocol):
    """Used by the one owner of a view partition, synchronously. Raises Transient when the store
    does not answer (then nobody knows whether a write happened: repeat the very same part), and
    ValueError for what could never be stored (nothing was written)."""

    def claim(self, view: ViewId, partition: int) -> Claimed:
        """Take the partition over: whoever claimed before can write no more. Finishes a `clear`
        that was interrupted."""

    def start(self, view: ViewId, partition: int, token: str, status: Status) -> None:
        """Store the first status of an empty partition, or of one whose `rebuild_until` changes,
        without entries, whatever offset was stored before.
        Raises Fenced (a later claim), Wiped (no claim, or an earlier one)."""

    def begin_read(self, view: ViewId, partition: int, keys: Sequence[str]) -> Reading:
        """Ask for what `read` gives, and do not wait for the store: the caller may work on
        something else meanwhile, and then calls `finish` or `abandon`. Raises Transient."""

    def read(self, view: ViewId, partition: int, keys: Sequence[str]) -> list[Entry | None]:
        """Entries of the given keys, None where there is none."""

    def versions(self, view: ViewId, partition: int, keys: Sequence[str]) -> list[Version | None]:
        """As `read`, but only what decides which fact is newer: for views that keep the newest."""

    def held(self, view: ViewId, partition: int) -> dict[int, bytes]:
        """What the partition's parts gave to be held and did not take back, by log offset."""

    def begin(self, view: ViewId, partition: int, token: str, parts: Sequence[Part]) -> Writing:
        """Begin to write the parts, each where the one before ends, and do not wait for the store:
        the caller may work on what comes next meanwhile, and calls `finish` before it begins
        another. Each part is one atomic step as `write` says, and is checked like one, so nothing
        of a part is written unless all before it were. After a Transient the parts that are not
        `written` may be given again, with others behind them. Raises Transient, ValueError."""

    def write(self, view: ViewId, partition: int, token: str, part: Part) -> None:
        """Write entries, index, what is held, status and offset in one atomic step, if and only if
        the claim is `token` and the stored offset is `part.expected_offset`. Repeating a part that
        was written (stored offset == part.status.offset) changes nothing and succeeds.
        Raises Fenced (a later claim), Wiped (no claim, an earlier one, or another offset)."""

    def run_id(self) -> str:
        """Identity of the running server process; raises Transient."""

    def clear(self, view: ViewId, partition: int) -> int:
        """Forget the partition; returns how many entries went. Status, offset, what is held and the
        owner's claim go first, at once, then entries and index in bounded steps: readers find
        nothing built, not gaps. The owner finds itself wiped, claims again and heals from the
        log."""

    def check(self) -> None:
        """At start: Misconfigured when the store may drop keys (`maxmemory-policy` other than
        noeviction)."""

    def close(self) -> None: ...


class Answer(NamedTuple):
    """One key, read together with its partition's status. `status` None: nothing was built yet."""

    entry: Entry | None
    status: Status | None
    partition: int


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in key order over all partitions, and the statuses they were read with (by partition;
    a missing one is None). `next_key` continues behind the last entry; None: no more."""

    entries: Sequence[tuple[str, Entry]]
    statuses: Sequence[Status | None]
    next_key: str | None


class ViewReader(Protocol):
    """Used by the gateway, from one event loop. Raises Transient when the store does not answer,
    Fatal when it holds what is no entry or status."""

    async def get(self, view: ViewId, key: str) -> Answer:
        """The entry and its partition's status in one atomic read."""

    async def page(self, view: ViewId, after: str | None, limit: int) -> Page:
        """Up to `limit` (1 to 1,000) entries with keys behind `after`, in order of their UTF-8
        bytes. Each partition is read atomically, all of them are not."""

    async def statuses(self, view: ViewId) -> Sequence[Status | None]:
        """Every partition's status, for readiness and metrics."""

    async def close(self) -> None: ...
