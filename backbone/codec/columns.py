"""Columns: the accepted facts of a batch column by column, and what is made of them at once."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeVar

import polars as pl

from backbone.codec.column_values import Items, objects, values
from backbone.codec.decode_schema import ROW
from backbone.codec.json_columns import document, has_document, text
from backbone.contracts.shape import Array, Record, Shape
from backbone.errors import Poison

Texts = Mapping[tuple[str, ...], pl.Series]
"""JSON text of every fact, by a field and which of its members."""

K = TypeVar("K")
V = TypeVar("V")


class Lazily(dict[K, V]):
    """What is made of each name when it is first asked for. A dictionary, because handlers ask
    for every fact anew."""

    def __init__(self, make: Callable[[K], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: K) -> V:
        self[name] = made = self._make(name)
        return made


@dataclass(frozen=True, eq=False)
class Columns:
    """Facts of one contract. `frame` has their places in the batch, rising, then the contract's
    fields as backbone/codec/column_values.py says; `poisons` are the other payloads of
    their schema."""

    shape: Record
    frame: pl.DataFrame
    poisons: Mapping[int, Poison]

    def __len__(self) -> int:
        return self.frame.height

    @cached_property
    def indexes(self) -> Sequence[int]:
        """Places in the batch of the accepted facts, rising."""
        return rising_numbers(self.frame[ROW])

    def joined(self, other: "Columns") -> "Columns":
        """The same batch's facts of another writer's schema, read for the same contract."""
        frame = pl.concat([self.frame, other.frame]).sort(ROW)
        return Columns(self.shape, frame, {**self.poisons, **other.poisons})

    def between(self, first: int, end: int) -> "Columns":
        """The facts whose places in the batch are from `first` to before `end`."""
        low, high = bisect_left(self.indexes, first), bisect_left(self.indexes, end)
        return Columns(self.shape, self.frame[low:high], {})

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each accepted fact's data as the row engine gives it, with its place."""
        fields = [values(each.shape, self.frame[each.name]) for each in self.shape.fields]
        names = tuple(each.name for each in self.shape.fields)
        return zip(self.indexes, objects(names, fields), strict=True)

    @cached_property
    def values(self) -> Mapping[str, list[Any]]:
        """Every fact's fields as the row engine gives them, each made when it is first asked for.
        Raises KeyError for what the contract lacks."""
        shapes, frame = self._shapes, self.frame  # not self, which would never be freed at once
        return Lazily(lambda name: values(shapes[name], frame[name]))

    def members(self, field: str, member: str) -> list[list[Any] | None] | None:
        """A member of each object in every fact's list; None where the field is no list of
        objects. Raises KeyError for what the contract lacks."""
        match self._shapes[field]:
            case Array(Record() as item):
                shape = {each.name: each.shape for each in item.fields}[member]
                if field not in self._items:
                    self._items[field] = Items(self.frame[field])
                items = self._items[field]
                return items.lists(values(shape, items.flat.struct.field(member)))
        return None

    @cached_property
    def _items(self) -> dict[str, Items]:
        return {}

    @cached_property
    def _shapes(self) -> Mapping[str, Shape]:
        return {each.name: each.shape for each in self.shape.fields}

    def numbers(self, field: str) -> list[int]:
        """An order version's field of every fact, instants as microseconds since 1970."""
        return self.frame[field].to_list()

    def has_texts(self, field: str) -> bool:
        """Whether documents can show the field. Raises KeyError for what the contract lacks."""
        return has_document(self._shapes[field])

    def texts(self, wanted: Sequence[tuple[str, ...]]) -> Texts:
        """Fields that have texts, each with those of its members that are wanted (none named: all),
        as JSON text of every fact, as `backbone.documents.shown` makes it. Changes nothing here:
        it may be called beside everything else."""
        made = self.frame.select(
            text(names[0], self._shapes[names[0]], names[1:]).cast(pl.Binary).alias(str(number))
            for number, names in enumerate(wanted)
        )
        return dict(zip(wanted, made, strict=True))

    def documents(self, fields: Sequence[str], at: Sequence[int]) -> list[bytes]:
        """Some of the facts (counted among the accepted ones) as JSON documents of these fields,
        in this order, as `backbone/documents.py` renders them. See `can_show`."""
        chosen = self.frame[pl.Series(at, dtype=pl.UInt32)]
        texts = chosen.select(_document(self.shape, tuple(fields)))
        return texts.to_series().cast(pl.Binary).to_list()


def rising_numbers(series: pl.Series) -> Sequence[int]:
    """Mostly every one of a range: then none has to be an object."""
    if not len(series):
        return ()
    every = range(series[0], series[-1] + 1)
    return every if len(every) == len(series) else series.to_list()


@cache
def _document(shape: Record, fields: tuple[str, ...]) -> pl.Expr:
    """The same for every batch, and it takes as long to make as a thousand documents."""
    shapes = {each.name: each.shape for each in shape.fields}
    return document({name: shapes[name] for name in fields})


def can_show(shape: Record, fields: Sequence[str]) -> bool:
    """Whether documents of these fields can be made from columns; asked once per view."""
    shapes = {each.name: each.shape for each in shape.fields}
    shows = bool(fields) and all(has_document(shapes[name]) for name in fields)
    if shows:
        _document(shape, tuple(fields))  # before the first batch waits for it
    return shows
