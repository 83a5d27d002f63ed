"""Rows or JSON objects to their payloads, many at once and column by column.

It reads what `straight_parser` reads and gives the bytes that `straight_encoder` gives, without a
fact in between. Like all straight code (backbone/contracts/straight.py) it takes the ordinary
case only: a row that is out of the ordinary in any place is left to the walk, its neighbours are
not. tests/unit/codec/test_column_writer.py holds that both give the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from polars.exceptions import PanicException

from backbone.codec.json_objects import JsonObjects, plain_defaults
from backbone.codec.written_columns import WrittenRecord
from backbone.codec.written_leaves import WRITERS
from backbone.contracts.cross_rules import has_cross_rules
from backbone.contracts.shape import Array, Nullable, Record, Shape
from backbone.contracts.straight import is_plain

Written = Sequence[bytes | None]
"""The bytes of each row, None where the walk must decide."""

FEW = 250
"""Fewer rows the walk writes sooner than the engine, which takes milliseconds for any number."""


class ColumnWriter:
    """Writes payloads of one contract, each behind `prefix`. Any thread may use it."""

    def __init__(self, shape: Record, prefix: bytes, few: int = FEW) -> None:
        self._of_json = WrittenRecord(shape, texts=False)
        self._of_texts = WrittenRecord(shape, texts=True)
        self._objects = JsonObjects(shape)
        self._shapes = {each.name: each.shape for each in shape.fields}
        self._cells = {name for name, each in self._shapes.items() if not _has_parts(each)}
        self._defaults = plain_defaults(shape)
        self._prefix = prefix.hex()
        self._few = few

    def written(
        self, fields: Mapping[str, Sequence[str]] | Sequence[str], wanted: Sequence[str]
    ) -> tuple[Written, list[Sequence[Any]]]:
        """The payload of each row, and the columns of the fields that are wanted, as given: of
        cells by column, or of JSON objects as text. Raises nothing, whatever they hold."""
        if isinstance(fields, Mapping):
            return self._of_cells(fields), [fields[name] for name in wanted]
        return self._of_texts_of_objects(fields, wanted)

    def _of_cells(self, columns: Mapping[str, Sequence[str]]) -> Written:
        """A cell is never null, and has no parts."""
        count = len(next(iter(columns.values()), ()))
        absent = self._shapes.keys() - columns.keys()
        known = columns.keys() <= self._cells and absent <= self._defaults.keys()
        if count < self._few or not known:
            return [None] * count
        try:
            frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
            defaults = (_cell(self._defaults[name]).alias(name) for name in absent)
            return self._framed(self._of_texts.hex(frame.with_columns(defaults)))
        except (Exception, PanicException):  # noqa: BLE001 - the walk says what is wrong
            return [None] * count

    def _of_texts_of_objects(
        self, texts: Sequence[str], wanted: Sequence[str]
    ) -> tuple[Written, list[Sequence[Any]]]:
        if len(texts) < self._few:
            return [None] * len(texts), [[None] * len(texts) for _ in wanted]
        try:
            frame = self._objects.read(texts)
            written = self._framed(self._of_json.hex(frame))
            return written, [frame[name].to_list() for name in wanted]
        except (Exception, PanicException):  # noqa: BLE001 - halved, what it is stands alone
            if len(texts) == 1:
                return [None], [[None] for _ in wanted]
        middle = len(texts) // 2
        left, mine = self._of_texts_of_objects(texts[:middle], wanted)
        right, more = self._of_texts_of_objects(texts[middle:], wanted)
        return [*left, *right], [[*one, *other] for one, other in zip(mine, more, strict=True)]

    def _framed(self, payloads: pl.Series) -> Written:
        framed = pl.concat_str(pl.lit(self._prefix), pl.lit(payloads)).str.decode("hex")
        return pl.select(framed).to_series().to_list()


def column_writer(shape: Record, prefix: bytes, few: int = FEW) -> ColumnWriter | None:
    """None for a shape with parts that are only written value by value, and for rules across
    fields, which the walk asks."""
    if not is_plain(shape, frozenset(WRITERS)) or not shape.fields or has_cross_rules(shape):
        return None
    return ColumnWriter(shape, prefix, few)


def _has_parts(shape: Shape) -> bool:
    inner = shape.inner if isinstance(shape, Nullable) else shape
    return isinstance(inner, Array | Record)


def _cell(default: int | str | None) -> pl.Expr:
    return pl.lit(None if default is None else str(default), pl.String)
