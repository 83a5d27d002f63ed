"""The view store in memory: the twin of the one on Redis, for tests and demonstrations.

It keeps the same bytes, so what cannot be stored there cannot be stored here, and nothing that
was stored changes when its writer changes the value afterwards.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from backbone.errors import BackboneError, Fenced
from backbone.views.encoding import (
    decode_entry,
    decode_entry_or_none,
    decode_status_or_none,
    decode_version_or_none,
    encode_entry,
    encode_status,
)
from backbone.views.layout import partition_for, partition_keys
from backbone.views.page import merge_page, require_limit
from backbone.views.part import require_repeat, require_writable
from backbone.views.store import (
    Answer,
    Claimed,
    Entry,
    Page,
    Part,
    Reading,
    Status,
    Version,
    ViewId,
    Wiped,
    Writing,
)


@dataclass(slots=True)
class _Stored:
    """What the store holds of one view partition."""

    claim: str | None = None
    offset: int | None = None
    status: bytes | None = None
    entries: dict[bytes, bytes] = field(default_factory=dict)
    index: set[bytes] = field(default_factory=set)
    held: dict[int, bytes] = field(default_factory=dict)


class MemoryViews:
    """One store, shared by all of its writers and readers."""

    def __init__(self) -> None:
        self.run_id = secrets.token_hex(20)
        self.lock = Lock()
        self._partitions: dict[bytes, _Stored] = defaultdict(_Stored)

    def writer(self) -> "MemoryViewWriter":
        return MemoryViewWriter(self)

    def reader(self) -> "MemoryViewReader":
        return MemoryViewReader(self)

    def flush(self) -> None:
        """Everything is gone, as after FLUSHALL: every owner finds itself wiped."""
        with self.lock:
            self._partitions.clear()

    def restart(self) -> None:
        """The server comes back without its data, as another run."""
        self.flush()
        self.run_id = secrets.token_hex(20)

    def stored(self, view: ViewId, partition: int) -> _Stored:
        return self._partitions[partition_keys(view, partition).index]


@dataclass(frozen=True)
class _Read:
    found: list[Entry | None]

    def finish(self) -> list[Entry | None]:
        return self.found

    def abandon(self) -> None:
        """Nothing is on its way."""


class MemoryViewWriter:
    """`ViewWriter` on a `MemoryViews`."""

    def __init__(self, views: MemoryViews) -> None:
        self._views = views

    def claim(self, view: ViewId, partition: int) -> Claimed:
        with self._views.lock:
            stored = self._views.stored(view, partition)
            count = max(_count(stored.claim) + 1, time.time_ns() // 1000)
            stored.claim = f"{secrets.token_hex(8)}:{count}"
            status = decode_status_or_none(stored.status)
            return Claimed(stored.claim, status, self._views.run_id)

    def start(self, view: ViewId, partition: int, token: str, status: Status) -> None:
        with self._views.lock:
            stored = self._owned(view, partition, token)
            stored.status = encode_status(status)
            stored.offset = status.offset

    def begin_read(self, view: ViewId, partition: int, keys: Sequence[str]) -> Reading:
        return _Read(self.read(view, partition, keys))

    def read(self, view: ViewId, partition: int, keys: Sequence[str]) -> list[Entry | None]:
        with self._views.lock:
            entries = self._views.stored(view, partition).entries
            return [decode_entry_or_none(entries.get(key.encode())) for key in keys]

    def versions(self, view: ViewId, partition: int, keys: Sequence[str]) -> list[Version | None]:
        with self._views.lock:
            entries = self._views.stored(view, partition).entries
            found = [entries.get(key.encode()) for key in keys]
        return [decode_version_or_none(data) for data in found]

    def held(self, view: ViewId, partition: int) -> dict[int, bytes]:
        with self._views.lock:
            return dict(self._views.stored(view, partition).held)

    def begin(self, view: ViewId, partition: int, token: str, parts: Sequence[Part]) -> Writing:
        """Memory is written at once; `finish` tells what went wrong, as with a store far away."""
        for part in parts:
            require_writable(part)
        for written, part in enumerate(parts):
            try:
                self._write(view, partition, token, part, [each.status.offset for each in parts])
            except BackboneError as error:
                return _Begun(written, error)
        return _Begun(len(parts), None)

    def write(self, view: ViewId, partition: int, token: str, part: Part) -> None:
        self.begin(view, partition, token, [part]).finish()

    def _write(
        self, view: ViewId, partition: int, token: str, part: Part, ends: Sequence[int]
    ) -> None:
        changes = {
            key.encode(): encode_entry(entry) if entry else None
            for key, entry in part.entries.items()
        }
        with self._views.lock:
            stored = self._owned(view, partition, token)
            if stored.offset != part.expected_offset:
                require_repeat(view, partition, part, stored.offset, ends)
                return
            stored.entries.update({key: data for key, data in changes.items() if data})
            stored.index.update(
                key.encode()
                for key, entry in part.entries.items()
                if entry and key not in part.known
            )
            for key in [key for key, data in changes.items() if data is None]:
                stored.entries.pop(key, None)
                stored.index.discard(key)
            held = {**stored.held, **part.held}
            stored.held = {offset: data for offset, data in held.items() if data is not None}
            stored.status = encode_status(part.status)
            stored.offset = part.status.offset

    def run_id(self) -> str:
        return self._views.run_id

    def clear(self, view: ViewId, partition: int) -> int:
        with self._views.lock:
            stored = self._views.stored(view, partition)
            cleared = len(stored.entries)
            stored.claim = stored.offset = stored.status = None
            stored.entries.clear()
            stored.index.clear()
            stored.held.clear()
            return cleared

    def check(self) -> None:
        """Memory never drops a key."""

    def close(self) -> None:
        """Nothing is open."""

    def _owned(self, view: ViewId, partition: int, token: str) -> _Stored:
        stored = self._views.stored(view, partition)
        if _count(stored.claim) < _count(token):
            raise Wiped(f"{view.name}, partition {partition}: the claim is gone. Claim again")
        if stored.claim != token:
            raise Fenced(f"{view.name}, partition {partition} was claimed by another process")
        return stored


@dataclass(slots=True)
class _Begun:
    """A `Writing`: all parts are written already, up to the first that could not be."""

    written: int
    error: BackboneError | None

    def finish(self) -> None:
        if self.error is not None:
            raise self.error

    def abandon(self) -> None:
        """Nothing is open."""


def _count(claim: str | None) -> int:
    """It rises with every claim, and by the clock also when the last one was lost."""
    return int(claim.rpartition(":")[2]) if claim else 0


class MemoryViewReader:
    """`ViewReader` on a `MemoryViews`."""

    def __init__(self, views: MemoryViews) -> None:
        self._views = views

    async def get(self, view: ViewId, key: str) -> Answer:
        partition = partition_for(view, key)
        with self._views.lock:
            stored = self._views.stored(view, partition)
            entry = decode_entry_or_none(stored.entries.get(key.encode()))
            return Answer(entry, decode_status_or_none(stored.status), partition)

    async def page(self, view: ViewId, after: str | None, limit: int) -> Page:
        require_limit(limit)
        lower = b"" if after is None else after.encode()
        with self._views.lock:
            stored = [self._views.stored(view, number) for number in range(view.partitions)]
            found = [
                (key, partition.entries[key])
                for partition in stored
                for key in partition.index
                if after is None or key > lower
            ]
            statuses = [decode_status_or_none(partition.status) for partition in stored]
        chosen, next_key = merge_page(found, limit)
        return Page(
            [(key.decode(), decode_entry(data)) for key, data in chosen], statuses, next_key
        )

    async def statuses(self, view: ViewId) -> Sequence[Status | None]:
        with self._views.lock:
            stored = [self._views.stored(view, number) for number in range(view.partitions)]
            return [decode_status_or_none(partition.status) for partition in stored]

    async def close(self) -> None:
        """Nothing is open."""
