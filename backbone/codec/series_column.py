"""A column of bytes as the columnar engine holds it."""

import polars as pl

from backbone.byte_column import ByteColumn


class SeriesColumn(ByteColumn):
    """`series` is of type Binary."""

    __slots__ = ("_objects", "_prefixes", "series")

    def __init__(self, series: pl.Series) -> None:
        self.series = series
        self._prefixes: dict[int, bytes | None] = {}
        self._objects: list[bytes | None] | None = None

    def __len__(self) -> int:
        return len(self.series)

    def objects(self) -> list[bytes | None]:
        if self._objects is None:
            self._objects = self.series.to_list()
        return self._objects

    def cut(self, start: int, stop: int | None = None) -> "SeriesColumn":
        length = None if stop is None else stop - start
        return SeriesColumn(self.series.bin.slice(start, length))

    def part(self, places: slice) -> "SeriesColumn":
        return SeriesColumn(self.series[places])

    def prefix(self, size: int) -> bytes | None:
        if size not in self._prefixes:
            first = (self.series[0] or b"")[:size] if len(self) else b""
            begin = self.series.bin.starts_with(first).fill_null(value=False)
            self._prefixes[size] = first if len(first) == size and begin.all() else None
        return self._prefixes[size]

    def alike(self) -> bool:
        return not len(self) or bool(self.series.eq_missing(self.series[0]).all())
