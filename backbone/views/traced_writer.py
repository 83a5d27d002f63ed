"""A view writer that tells when the store holds what was applied."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from backbone.views.store import (
    Claimed,
    Entry,
    Part,
    Reading,
    Status,
    Version,
    ViewId,
    ViewWriter,
    Writing,
)


class Witness(Protocol):
    """Told of what is durable; see `backbone.tracing.view_spans`."""

    def claimed(self, partition: int) -> None: ...
    def written(self, partition: int, offset: int, began_ns: int) -> None: ...


class TracedViewWriter:
    """A `backbone.views.store.ViewWriter` around another one."""

    def __init__(self, writer: ViewWriter, witness: Witness) -> None:
        self._writer = writer
        self._witness = witness

    def claim(self, view: ViewId, partition: int) -> Claimed:
        claimed = self._writer.claim(view, partition)
        self._witness.claimed(partition)
        return claimed

    def begin(self, view: ViewId, partition: int, token: str, parts: Sequence[Part]) -> Writing:
        began_ns = time.time_ns()
        writing = self._writer.begin(view, partition, token, parts)
        return _TracedWriting(
            writing, parts, lambda offset: self._witness.written(partition, offset, began_ns)
        )

    def write(self, view: ViewId, partition: int, token: str, part: Part) -> None:
        began_ns = time.time_ns()
        self._writer.write(view, partition, token, part)
        self._witness.written(partition, part.status.offset, began_ns)

    # nothing of theirs is told

    def start(self, view: ViewId, partition: int, token: str, status: Status) -> None:
        self._writer.start(view, partition, token, status)

    def begin_read(self, view: ViewId, partition: int, keys: Sequence[str]) -> Reading:
        return self._writer.begin_read(view, partition, keys)

    def read(self, view: ViewId, partition: int, keys: Sequence[str]) -> list[Entry | None]:
        return self._writer.read(view, partition, keys)

    def versions(self, view: ViewId, partition: int, keys: Sequence[str]) -> list[Version | None]:
        return self._writer.versions(view, partition, keys)

    def held(self, view: ViewId, partition: int) -> dict[int, bytes]:
        return self._writer.held(view, partition)

    def run_id(self) -> str:
        return self._writer.run_id()

    def clear(self, view: ViewId, partition: int) -> int:
        return self._writer.clear(view, partition)

    def check(self) -> None:
        self._writer.check()

    def close(self) -> None:
        self._writer.close()


class _TracedWriting:
    """`tell` is called with the offset behind the last part that is known to be written."""

    def __init__(
        self, writing: Writing, parts: Sequence[Part], tell: Callable[[int], None]
    ) -> None:
        self._writing = writing
        self._parts = list(parts)
        self._tell = tell

    @property
    def written(self) -> int:
        return self._writing.written

    def finish(self) -> None:
        try:
            self._writing.finish()
        finally:
            if self._writing.written:
                self._tell(self._parts[self._writing.written - 1].status.offset)

    def abandon(self) -> None:
        self._writing.abandon()
