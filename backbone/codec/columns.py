"""Columns: the accepted facts of a batch column by column, and what is made of them at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from backbone.codec.column_values import objects, values
from backbone.codec.decode_schema import ROW
from backbone.codec.json_columns import document, has_document
from backbone.contracts.shape import Record
from backbone.errors import Poison


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
    def indexes(self) -> list[int]:
        """Places in the batch of the accepted facts, rising."""
        return self.frame[ROW].to_list()

    def joined(self, other: "Columns") -> "Columns":
        """The same batch's facts of another writer's schema, read for the same contract."""
        frame = pl.concat([self.frame, other.frame]).sort(ROW)
        return Columns(self.shape, frame, {**self.poisons, **other.poisons})

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each accepted fact's data as the row engine gives it, with its place."""
        fields = [values(each.shape, self.frame[each.name]) for each in self.shape.fields]
        names = tuple(each.name for each in self.shape.fields)
        return zip(self.indexes, objects(names, fields), strict=True)

    def numbers(self, field: str) -> list[int]:
        """An order version's field of every fact, instants as microseconds since 1970."""
        return self.frame[field].to_list()

    def documents(self, fields: Sequence[str], at: Sequence[int]) -> list[bytes]:
        """Some of the facts (counted among the accepted ones) as JSON documents of these fields,
        in this order, as `backbone/documents.py` renders them. See `can_show`."""
        shapes = {each.name: each.shape for each in self.shape.fields}
        chosen = self.frame[pl.Series(at, dtype=pl.UInt32)]
        texts = chosen.select(document({name: shapes[name] for name in fields}))
        return texts.to_series().cast(pl.Binary).to_list()


def can_show(shape: Record, fields: Sequence[str]) -> bool:
    """Whether documents of these fields can be made from columns; asked once per view."""
    shapes = {each.name: each.shape for each in shape.fields}
    return bool(fields) and all(has_document(shapes[name]) for name in fields)
