"""Numbers and bytes of many rows as an Arrow IPC stream, read without an object for each value.

https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import polars as pl
from polars.exceptions import PanicException

from backbone.codec.series_column import SeriesColumn


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows each stream has, and of all of them the columns of numbers and those of bytes,
    which may be missing."""

    counts: Sequence[int]
    numbers: Sequence[list[int]]
    values: Sequence[SeriesColumn]


def written(numbers: Sequence[Sequence[int]], values: Sequence[Sequence[bytes | None]]) -> bytes:
    """Columns of one length; the numbers are not below zero and fit 64 bits. Compressed, so that
    less is copied on the way; and not with views of bytes, for of those that are damaged Polars
    asks for any amount of memory, which ends the process."""
    columns = [
        *(pl.Series(each, dtype=pl.Int64) for each in numbers),
        *(pl.Series(each, dtype=pl.Binary) for each in values),
    ]
    frame = pl.DataFrame([each.alias(str(at)) for at, each in enumerate(columns)])
    stream = BytesIO()
    frame.write_ipc_stream(stream, compression="zstd", compat_level=pl.CompatLevel.oldest())
    return stream.getvalue()


def read(streams: Sequence[bytes], numbers: int, values: int) -> Rows | None:
    """The rows of streams with so many columns of each kind, one stream behind the other. None
    where one is not as `written` has it, or a number is below zero. Raises nothing."""
    wanted = [pl.Int64] * numbers + [pl.Binary] * values
    try:
        frames = [pl.read_ipc_stream(each) for each in streams]
        if not frames or any(frame.dtypes != wanted for frame in frames):
            return None
        columns = pl.concat(frames, rechunk=True).get_columns()
    except (Exception, PanicException):  # noqa: BLE001 - bytes from outside
        return None
    if any(each.null_count() or (each < 0).any() for each in columns[:numbers]):
        return None
    return Rows(
        [*map(len, frames)],
        [each.to_list() for each in columns[:numbers]],
        [SeriesColumn(each) for each in columns[numbers:]],
    )
