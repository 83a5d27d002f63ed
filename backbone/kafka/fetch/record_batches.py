"""Record batches (message format v2) as a fetch brings them, and which of them are committed.

https://kafka.apache.org/documentation/#recordbatch, and KIP-98 for transactions.
"""

import struct
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from aiokafka import codec
from aiokafka.record.memory_records import MemoryRecords

from backbone.codec.record_columns import RecordsOfABatch
from backbone.errors import Fatal
from backbone.record import Headers

# base offset, length, leader epoch, magic, checksum, attributes, last offset's difference, first
# and last timestamp, producer's id and epoch, sequence, number of records
_HEADER = struct.Struct(">qiibIhiqqqhii")
_BEFORE_LENGTH = 12  # bytes of a batch that its length does not count
_MAGIC_AT, _V2 = 16, 2
_LEAST_LENGTH = 14  # of a message of the oldest format
_COMPRESSION, _LOG_TIME, _TRANSACTIONAL, _CONTROL = 0x07, 0x08, 0x10, 0x20
_DECOMPRESS = {
    1: codec.gzip_decode,
    2: codec.snappy_decode,
    3: codec.lz4_decode,
    4: codec.zstd_decode,
}
_FEW_HEADERS = 64  # of a record; of more it is read by itself
_ABORT = 0  # a control record's type: its key is a version and it, of two bytes each


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record, for whom there are no columns."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class BatchOfRecords:
    """One record batch, still compressed. `data` is all of it."""

    data: bytes
    base_offset: int
    next_offset: int
    attributes: int
    timestamps: tuple[int, int]
    producer_id: int
    count: int

    @property
    def in_columns(self) -> RecordsOfABatch | None:
        """What `backbone.codec.record_columns` reads; None for older formats. Raises Fatal."""
        if self.data[_MAGIC_AT] != _V2:
            return None
        records = self.data[_HEADER.size :]
        if self.attributes & _COMPRESSION:
            records = self._decompressed(records)
        first, last = self.timestamps
        own_times = not self.attributes & _LOG_TIME
        return RecordsOfABatch(
            self.base_offset, first if own_times else last, own_times, self.count, records
        )

    def _decompressed(self, records: bytes) -> bytes:
        try:
            return cast("bytes", _DECOMPRESS[self.attributes & _COMPRESSION](records))
        except Exception as error:
            raise self._unreadable(error) from error

    def rows(self) -> Sequence[RecordRow]:
        """Its records one by one. Raises Fatal."""
        try:
            return [
                RecordRow(
                    each.offset,
                    each.timestamp or 0,
                    each.key,
                    each.value,
                    cast("Headers", list(each.headers)),
                )
                for each in MemoryRecords(self.data).next_batch() or ()
            ]
        except Exception as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> Fatal:
        return Fatal(
            f"the record batch at offset {self.base_offset} cannot be read "
            f"({type(error).__name__}): look at the broker's disk and replicas"
        )


def committed(data: bytes, aborted: Sequence[tuple[int, int]]) -> Iterator[BatchOfRecords | int]:
    """The record batches of a fetch that a committed reader sees, each as it stands; for one that
    it does not see (of an aborted transaction, or a transaction's end) the offset behind it.
    `aborted` has producers and where their aborted transactions begin. What is cut off at the end
    is left out: the next fetch begins there."""
    waiting, aborting = deque(sorted(aborted, key=lambda each: each[1])), set[int]()
    for batch in _batches(data):
        while waiting and waiting[0][1] <= batch.base_offset:
            aborting.add(waiting.popleft()[0])
        if batch.attributes & _CONTROL:
            aborting -= {batch.producer_id} if _is_abort(batch) else set()
            yield batch.next_offset
        elif batch.attributes & _TRANSACTIONAL and batch.producer_id in aborting:
            yield batch.next_offset
        else:
            yield batch


def _batches(data: bytes) -> Iterator[BatchOfRecords]:
    at, size = 0, len(data)
    while size - at > _MAGIC_AT:
        length = int.from_bytes(data[at + 8 : at + _BEFORE_LENGTH], "big", signed=True)
        if length < _LEAST_LENGTH:
            raise IndexError("a record batch is shorter than its header")
        end = at + _BEFORE_LENGTH + length
        if end > size:
            return
        yield _batch(data[at:end])
        at = end


def _batch(data: bytes) -> BatchOfRecords:
    if data[_MAGIC_AT] != _V2:
        last = int.from_bytes(data[:8], "big")
        # a compressed message of old begins where nobody says: its records are looked at
        return BatchOfRecords(data, -1, last + 1, 0, (0, 0), -1, 0)
    (base, _, _, _, _, attributes, last, first_ms, last_ms, producer, _, _, count) = (
        _HEADER.unpack_from(data)
    )
    return BatchOfRecords(
        data, base, base + last + 1, attributes, (first_ms, last_ms), producer, count
    )


def _is_abort(batch: BatchOfRecords) -> bool:
    return any(int.from_bytes((each.key or b"")[2:4], "big") == _ABORT for each in batch.rows())


def header_names(records: bytes) -> tuple[bytes, ...] | None:
    """The names of the first record's headers; None where it has something that columns lack (a
    null), or what is no record."""
    try:
        return _names(records)
    except IndexError:
        return None


def _names(records: bytes) -> tuple[bytes, ...] | None:
    at = _number(records, 0)[1] + 1  # behind length and attributes
    for _ in range(2):  # timestamp and offset
        _, at = _number(records, at)
    for _ in range(2):  # key and value
        size, at = _number(records, at)
        if size < 0:
            return None
        at += size
    count, at = _number(records, at)
    if not 0 <= count <= _FEW_HEADERS:
        return None
    names = []
    for _ in range(count):
        size, at = _number(records, at)
        names.append(records[at : at + size])
        size, at = _number(records, at + size)
        if size < 0:
            return None
        at += size
    return tuple(names)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag varint, and where it ends."""
    found = shift = 0
    while data[at] & 0x80:
        found |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    found |= data[at] << shift
    return (found >> 1) ^ -(found & 1), at + 1
