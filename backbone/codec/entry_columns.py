"""Entries of a view, many at once: byte for byte what `backbone/views/encoding.py` writes of each.

An entry is a JSON array: order version, offset, id, source and sequence of the event, published
and occurred (ms since 1970), and last the value. Whatever is unusual in the headers of a fact is
left to the code that reads them one by one.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import polars as pl

from backbone.codec.series_column import SeriesColumn
from backbone.envelope import origin
from backbone.header_columns import header_columns
from backbone.record import Headers
from backbone.views.encoding import encode_around

_NEEDS_ESCAPES = r'["\\\x00-\x1f]'
_USUAL_TIME = r"^(?:[1-9]\d{3}|0[1-9]\d\d|00[1-9]\d|000[1-9])-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{6}Z$"
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.6fZ"
_FEW = 100  # so many are written as fast one by one
_TEXTS = ("ce_id", "ce_source", "ce_sequence")
_NEEDED = (*_TEXTS, "ce_time")


@dataclass(frozen=True, slots=True)
class Origins:
    """What entries say beside their values, column by column."""

    order_versions: Sequence[int]
    offsets: Sequence[int]
    published_ms: Sequence[int]
    headers: Sequence[Headers]


def entries(origins: Origins, documents: Sequence[bytes]) -> list[bytes]:
    """The entries that hold `documents`, in their order."""
    frame = _frame(origins, documents)
    return _entries(origins, documents, None if frame is None else _written_at_once(frame))


def begin_entries(
    origins: Origins, documents: Sequence[bytes], ahead: Executor
) -> Callable[[], list[bytes]]:
    """`entries`, with most of the work done by `ahead` beside the caller's own; call what is given
    to have them."""
    frame = _frame(origins, documents)
    if frame is None:
        return partial(_entries, origins, documents, None)
    coming = ahead.submit(_written_at_once, frame)
    return lambda: _entries(origins, documents, coming.result())


def _entries(
    origins: Origins, documents: Sequence[bytes], at_once: pl.Series | None
) -> list[bytes]:
    written = [None] * len(documents) if at_once is None else at_once.to_list()
    whole = [text for text in written if text is not None]
    if len(whole) == len(documents):
        return whole
    rows = zip(origins.order_versions, origins.offsets, origins.published_ms, strict=True)
    return [
        text if text is not None else _written_alone(row, origins.headers[at], documents[at])
        for at, (text, row) in enumerate(zip(written, rows, strict=True))
    ]


def _frame(origins: Origins, documents: Sequence[bytes]) -> pl.DataFrame | None:
    """None where they are few, or a header is not UTF-8."""
    if len(documents) < _FEW:
        return None
    found = dict(zip(_NEEDED, header_columns(origins.headers, _NEEDED), strict=True))
    try:
        return pl.DataFrame(
            {
                "version": pl.Series(origins.order_versions, dtype=pl.Int64),
                "offset": pl.Series(origins.offsets, dtype=pl.Int64),
                "published": pl.Series(origins.published_ms, dtype=pl.Int64),
                "document": _texts(documents),
                "time": _texts(found["ce_time"]),
                **{name: _texts(found[name]) for name in _TEXTS},
            }
        )
    except pl.exceptions.ComputeError:
        return None


def _written_at_once(frame: pl.DataFrame) -> pl.Series:
    """Null where something is missing or unusual."""
    return frame.select(_ARRAY).to_series().cast(pl.Binary)


def _texts(values: Sequence[bytes | None]) -> pl.Series:
    known = (
        values.series if isinstance(values, SeriesColumn) else pl.Series(values, dtype=pl.Binary)
    )
    return known.cast(pl.String)


def _quoted(name: str) -> pl.Expr:
    plain = pl.when(~pl.col(name).str.contains(_NEEDS_ESCAPES)).then(pl.col(name))
    return pl.concat_str(pl.lit('"'), plain, pl.lit('"'))


def _occurred() -> pl.Expr:
    usual = pl.when(pl.col("time").str.contains(_USUAL_TIME)).then(pl.col("time"))
    return usual.str.to_datetime(_TIME_FORMAT, strict=False, time_unit="us").dt.epoch("us") // 1000


_COLUMNS = (
    pl.col("version"),
    pl.col("offset"),
    *map(_quoted, _TEXTS),
    pl.col("published"),
    _occurred(),
    pl.col("document"),
)
_ARRAY = pl.concat_str(
    pl.lit("["), pl.concat_str(_COLUMNS, separator=",", ignore_nulls=False), pl.lit("]")
)


def _written_alone(row: tuple[int, int, int], headers: Headers, document: bytes) -> bytes:
    order_version, offset, published_ms = row
    event_id, source, sequence, occurred_ms = origin(headers, published_ms)
    return encode_around(
        (order_version, offset, event_id, source, sequence, published_ms, occurred_ms), document
    )
