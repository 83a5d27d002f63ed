"""JSON objects of one shape as columns, those of which nothing is in doubt.

The engine's own reader is lax: it passes over members that it does not know, takes one of two that
are named alike, and 1 for 1.5. So what it read is written again as text, with the members in the
order of an example, and only where that is the text that was read is the reading vouched for. What
is written in another order is tried again by an example of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import polars as pl

from backbone.codec.written_leaves import WRITERS
from backbone.contracts.shape import Array, Leaf, Nullable, Record, Shape

_EXAMPLES = 6  # in one batch: orders of members, and odd ones that come first
_ROW = "#row"
_TEXT = "#text"
_ESCAPE = "\\"  # texts with escapes read otherwise than they are written
_SPACED = (", ", ": ")


class OtherwiseError(ValueError):
    """The example is no object of the shape, as far as can be told by its members."""


class JsonObjects:
    """`read` gives frames that have the shape's fields."""

    def __init__(self, shape: Record) -> None:
        self._shape = shape
        self._types = {each.name: _type(each.shape, None) for each in shape.fields}
        self._defaults = plain_defaults(shape)

    def read(self, texts: Sequence[str]) -> pl.DataFrame:
        """A row for each text: nothing but nulls where it is in doubt. Raises anything where the
        engine cannot read one of them."""
        left = pl.DataFrame({_TEXT: texts}, schema={_TEXT: pl.String}).with_row_index(_ROW)
        escaped = left[_TEXT].str.contains(_ESCAPE, literal=True)
        if escaped.any():
            left = left.filter(~escaped)
        found: list[pl.DataFrame] = []
        for _ in range(_EXAMPLES):
            if left.is_empty():
                break
            vouched, left = self._by_example(left)
            found.append(vouched)
        if len(found) == 1 and found[0].height == len(texts):
            return found[0]
        rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True).alias(_ROW).to_frame()
        none = pl.DataFrame(schema={_ROW: pl.UInt32, **self._types})
        return rows.join(pl.concat([none, *found]), on=_ROW, how="left", maintain_order="left")

    def _by_example(self, given: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Those that are written as the first of them, and the others without it."""
        example = given[_TEXT][0]
        try:
            kind = self._as_written(orjson.loads(example))
        except (OtherwiseError, ValueError):
            return pl.DataFrame(schema={_ROW: pl.UInt32, **self._types}), given[1:]
        read = given[_TEXT].str.json_decode(kind)
        given_text, written = pl.lit(given[_TEXT]), pl.lit(read).struct.json_encode()
        if any(each in example for each in _SPACED):
            given_text, written = _without_spaces(given_text), _without_spaces(written)
        same = pl.select((given_text == written).fill_null(value=False)).to_series()
        if same.all():
            return self._complete(given[_ROW], read), given.clear()
        vouched = self._complete(given[_ROW].filter(same), read.filter(same))
        return vouched, given[1:].filter(~same[1:])

    def _complete(self, rows: pl.Series, read: pl.Series) -> pl.DataFrame:
        frame = read.struct.unnest()
        absent = self._types.keys() - frame.columns
        defaults = (pl.lit(self._defaults[each], self._types[each]).alias(each) for each in absent)
        return frame.with_columns(rows, *defaults).select(_ROW, *self._types)

    def _as_written(self, example: Any) -> pl.Struct:
        if not isinstance(example, dict):
            raise OtherwiseError
        absent = self._types.keys() - example.keys()
        if not absent <= self._defaults.keys():
            raise OtherwiseError
        return _members(self._shape, example)


def plain_defaults(shape: Record) -> dict[str, int | str | None]:
    """What stands for the fields that an object may leave out, lists and records left out."""
    return {
        each.name: each.default
        for each in shape.fields
        if each.default is None or type(each.default) in (int, str)
    }


def _without_spaces(texts: pl.Expr) -> pl.Expr:
    """As if all had been written without spaces between members. The same is done to what stands
    inside texts, on both sides: those that differ in more than spaces still do."""
    for each in _SPACED:
        texts = texts.str.replace_all(each, each[0], literal=True)
    return texts


def _type(shape: Shape, example: Any) -> Any:
    match shape:
        case Nullable(inner):
            return _type(inner, example)
        case Array(items):
            return pl.List(
                _type(items, example[0] if isinstance(example, list) and example else None)
            )
        case Record():
            if not isinstance(example, dict):
                return pl.Struct({each.name: _type(each.shape, None) for each in shape.fields})
            if example.keys() != {each.name for each in shape.fields}:
                raise OtherwiseError
            return _members(shape, example)
        case Leaf():
            return WRITERS[shape.logical or shape.kind].json()
    raise AssertionError(f"{type(shape).__name__} is not plain")


def _members(shape: Record, example: Mapping[str, Any]) -> pl.Struct:
    shapes = {each.name: each.shape for each in shape.fields}
    if not example.keys() <= shapes.keys():
        raise OtherwiseError
    return pl.Struct({name: _type(shapes[name], value) for name, value in example.items()})
