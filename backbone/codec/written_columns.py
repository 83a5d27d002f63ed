"""Columns of a record's fields to its payloads, as hexadecimal text; null where one is in doubt.

Compiled once per contract: one expression for all that stands once in a row. Items of arrays are
written as rows of their own, and put together again.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import polars as pl

from backbone.codec.written_leaves import LENGTHS, PASSES, WRITERS, Hex
from backbone.contracts.rules import MAX_KNOWN, MAX_KNOWN_LENGTH, broken_by
from backbone.contracts.shape import Array, Field, Leaf, Nullable, Record, Shape

_TEXTS = frozenset({"string"})
_ITEM = "item"
_ROW = "row"
_HEX = "hex"
_COUNT = "count"
_AS_WRITTEN = pl.QueryOptFlags.none()


class WrittenRecord:
    """Writes frames that have the record's fields. `texts`: every leaf comes as text, as cells of
    a file do; else as JSON gives it."""

    def __init__(self, shape: Record, *, texts: bool) -> None:
        self._texts = texts
        self._arrays: dict[str, _Items] = {}
        self._ruled: list[_Ruled] = []
        self._passes: list[dict[str, pl.Expr]] = [{} for _ in range(PASSES)]
        self._whole = pl.concat_str(self._record(shape, pl.col))

    def hex(self, frame: pl.DataFrame) -> pl.Series:
        arrays = [each.hex(frame).alias(name) for name, each in self._arrays.items()]
        whole = self._whole
        broken = self._broken(frame)
        if broken:
            # of null it is not known whether it breaks a rule: it has none to break
            fine = ~pl.any_horizontal(each.fill_null(value=False) for each in broken)
            whole = pl.when(fine).then(whole)
        steps = frame.lazy().with_columns(arrays) if arrays else frame.lazy()
        for each in filter(None, self._passes):
            steps = steps.with_columns(**each)
        return steps.select(whole).collect(optimizations=_AS_WRITTEN).to_series()

    def _broken(self, frame: pl.DataFrame) -> list[pl.Expr]:
        texts = frame.select(each.value.alias(str(at)) for at, each in enumerate(self._ruled))
        found = (each.broken(told) for each, told in zip(self._ruled, texts, strict=True))
        return [each for each in found if each is not None]

    def _keep(self, at: int, value: pl.Expr) -> pl.Expr:
        name = f"#{at}.{len(self._passes[at])}"
        self._passes[at][name] = value
        return pl.col(name)

    def _value(self, shape: Shape, field: Field | None, value: pl.Expr) -> Hex:
        """`field` has the rules of this value; an array's items have none."""
        match shape:
            case Nullable(inner):
                null, present = ("00", "02") if shape.null_first else ("02", "00")
                there = pl.concat_str(pl.lit(present), *self._value(inner, field, value))
                return (pl.when(value.is_null()).then(pl.lit(null)).otherwise(there),)
            case Array(items):
                name = f"#{len(self._arrays)}"
                self._arrays[name] = _Items(items, field, value, texts=self._texts)
                return (pl.col(name),)
            case Record():
                there = pl.when(value.is_not_null()).then(pl.lit(""))
                return there, *self._record(shape, value.struct.field)
            case Leaf():
                return self._leaf(shape, field, value)
        raise AssertionError(f"{type(shape).__name__} is not plain")

    def _record(self, shape: Record, member: Callable[[str], pl.Expr]) -> Hex:
        return [
            piece
            for each in shape.fields
            for piece in self._value(each.shape, each, member(each.name))
        ]

    def _leaf(self, shape: Leaf, field: Field | None, value: pl.Expr) -> Hex:
        kind = shape.logical or shape.kind
        writer = WRITERS[kind]
        rules = broken_by(field) if field is not None and kind in _TEXTS else ()
        if rules:
            self._ruled.append(_Ruled(value, rules))
        read = writer.of_text(value) if self._texts and writer.of_text else value
        return writer.write(shape, field)(read, self._keep)


class _Ruled:
    """Texts with rules. Patterns are Python's, so Python asks each different text once, and those
    that come again and again not even once a batch."""

    def __init__(self, value: pl.Expr, rules: Sequence[Callable[[Any], bool]]) -> None:
        self.value = value
        self._rules = rules
        self._fine: set[str] = set()

    def broken(self, texts: pl.Series) -> pl.Expr | None:
        """What is true where a rule is broken; None where none is."""
        new = {*texts.unique().to_list()} - {None} - self._fine
        if not new:
            return None
        bad = {each for each in new if any(broken(each) for broken in self._rules)}
        self._learn(new - bad)
        return self.value.is_in(list(bad)) if bad else None

    def _learn(self, fine: set[str]) -> None:
        if len(self._fine) + len(fine) > MAX_KNOWN:
            self._fine.clear()
        self._fine.update(each for each in islice(fine, MAX_KNOWN) if len(each) <= MAX_KNOWN_LENGTH)


class _Items:
    """The arrays of a field."""

    def __init__(self, items: Shape, field: Field | None, value: pl.Expr, *, texts: bool) -> None:
        self._lists = [
            pl.int_range(pl.len()).alias(_ROW),
            value.alias(_ITEM),
            value.list.len().cast(pl.Int64).alias(_COUNT),
        ]
        self._rules = () if field is None else broken_by(field)
        self._record = WrittenRecord(Record("items", (Field(_ITEM, items),)), texts=texts)

    def hex(self, frame: pl.DataFrame) -> pl.Series:
        lists = frame.select(self._lists)
        counts = {*lists[_COUNT].to_list()} - {None}
        odd = [each for each in counts if not self._fits(each)]
        if odd:
            lists = lists.with_columns(pl.when(~pl.col(_COUNT).is_in(odd)).then(pl.col(_COUNT)))
        if counts == {1}:
            bodies = self._record.hex(lists.explode(_ITEM))
        else:
            bodies = self._bodies(lists.filter(pl.col(_COUNT) > 0).explode(_ITEM), lists.height)
        count = pl.col(_COUNT)
        whole = pl.concat_str(pl.lit(LENGTHS).gather(count), pl.lit(bodies), pl.lit("00"))
        return lists.select(pl.when(count == 0).then(pl.lit("00")).otherwise(whole)).to_series()

    def _fits(self, count: int) -> bool:
        return count < len(LENGTHS) and not any(broken(range(count)) for broken in self._rules)

    def _bodies(self, items: pl.DataFrame, count: int) -> pl.Series:
        """What the items of each row are, one behind the other."""
        bodies = pl.Series([""], dtype=pl.String).new_from_index(0, count)
        if items.is_empty():
            return bodies
        written = pl.DataFrame({_ROW: items[_ROW].set_sorted(), _HEX: self._record.hex(items)})
        groups = written.group_by(_ROW, maintain_order=True).agg(_HEX)
        return bodies.scatter(groups[_ROW], groups[_HEX].list.join("", ignore_nulls=False))
