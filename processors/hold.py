"""What a strict fold holds in one partition: facts of a key behind one that is a dead letter.

Kept in the view store beside the entries and written with them, by log offset. Of a dead letter
only its place is kept; of a fact behind it the record itself: the log may not have it any more when
the letter comes back, and the owner reads nothing else while it works.
"""

from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

import orjson

from backbone.errors import Fatal
from backbone.record import Headers, Record, RecordBatch

MAX_OF_KEY: Final = 1_000
"""Facts that wait in one key. No order or booking has as many before somebody looks at its letter;
a key that has is a stream of its own, and must not fill the store."""
MAX_BYTES: Final = 16 * 1024 * 1024
"""Of the records held in one partition: what the store gives to a new owner in one answer."""
MAX_WAITING: Final = 50_000
"""Dead letters and facts behind them in one partition: some 30 MB of the owner's memory."""


class Waiting(NamedTuple):
    """One fact that is not applied. `dead`: it is a dead letter, and the others wait for it."""

    key: bytes
    dead: bool
    value: bytes | None = None
    headers: Headers = ()
    timestamp_ms: int = 0


class Hold:
    """As the store has it once everything that was committed is written. Changed by `learn` alone,
    so that a batch may be worked out again. `passes_over`: places of facts that are given up."""

    def __init__(
        self, stored: Mapping[int, bytes], passes_over: frozenset[str] = frozenset()
    ) -> None:
        self.size = 0
        self.passes_over = passes_over
        self._waiting: dict[int, Waiting] = {}
        self._sizes: dict[int, int] = {}
        self._offsets: dict[bytes, list[int]] = {}
        self.learn(stored)

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[int]:
        return iter(self._waiting)

    def waiting(self) -> Iterator[int]:
        """The offsets of those that are no dead letters."""
        return (offset for offset, each in self._waiting.items() if not each.dead)

    def offsets(self, key: bytes | None) -> Sequence[int]:
        """Of the facts of a key, rising."""
        return self._offsets.get(key, ()) if key is not None else ()

    def learn(self, changes: Mapping[int, bytes | None]) -> None:
        """`changes` of a part that was committed."""
        for offset, data in changes.items():
            self._forget(offset)
            if data is not None:
                self._put(offset, decode(data), len(data))

    def joined(self, batch: RecordBatch) -> RecordBatch:
        """A batch that is tried again, with the facts that wait behind it: in the order of the log,
        as the records they were. The batch itself where nothing waits."""
        own = set(batch.offsets)
        keys = sorted({key for key in batch.keys if key in self._offsets})
        found = [offset for key in keys for offset in self._offsets[key] if offset not in own]
        behind = [(each, held) for each in found if not (held := self._waiting[each]).dead]
        if not behind:
            return batch
        rows = [
            *((each.position.offset, *_columns(each)) for each in batch),
            *((offset, *_columns(each)) for offset, each in behind),
        ]
        rows.sort(key=lambda each: each[0])
        offsets, *columns = map(list, zip(*rows, strict=True))
        return RecordBatch(batch.topic, batch.topic_id, batch.partition, offsets, *columns)

    def _put(self, offset: int, waiting: Waiting, size: int) -> None:
        self._waiting[offset] = waiting
        self._sizes[offset] = size
        self.size += size
        insort(self._offsets.setdefault(waiting.key, []), offset)

    def _forget(self, offset: int) -> None:
        before = self._waiting.pop(offset, None)
        if before is None:
            return
        self.size -= self._sizes.pop(offset)
        offsets = self._offsets[before.key]
        offsets.remove(offset)
        if not offsets:
            del self._offsets[before.key]


def _columns(each: Waiting | Record) -> tuple[bytes | None, bytes | None, Headers, int]:
    return each.key, each.value, each.headers, each.timestamp_ms


def encode(waiting: Waiting) -> bytes:
    """A line of JSON that says how long each of the texts behind it is."""
    texts = [waiting.key, waiting.value, *(value for _, value in waiting.headers)]
    lengths = [None if each is None else len(each) for each in texts]
    names = [name for name, _ in waiting.headers]
    line = orjson.dumps((waiting.dead, waiting.timestamp_ms, lengths, names))
    return b"\n".join((line, b"".join(each or b"" for each in texts)))


def decode(data: bytes) -> Waiting:
    line, _, rest = data.partition(b"\n")
    try:
        dead, timestamp_ms, lengths, names = orjson.loads(line)
        key, value, *values = _texts(rest, lengths)
        headers = list(zip(names, values, strict=True))
    except (ValueError, TypeError) as error:
        raise Fatal(
            f"the view store holds bytes that are no held fact: {type(error).__name__}. Build the "
            "view again from the log: `backbone view rebuild <view>`"
        ) from error
    return Waiting(key or b"", dead, value, headers, timestamp_ms)


def _texts(data: bytes, lengths: Sequence[int | None]) -> Iterator[bytes | None]:
    ends = accumulate((each or 0 for each in lengths), initial=0)
    for length, (start, end) in zip(lengths, pairwise(ends), strict=True):
        yield None if length is None else data[start:end]
