"""Which payloads were written exactly as Avro writes what was read from them.

Much that is read the same can be written in several ways: numbers with padding, lists in several
blocks, a third branch of a union. None of it can be seen in a column, but all of it is longer, or
stands where the one form has another byte. So for every value the length of its one form is known,
the lengths of a fact must add up to its payload's, and then the places are known where a union's
branch and a list's count stand, and what they must be.

The proof, for whoever changes this: no part can be shorter than counted here (a decimal's and a
string's length are counted as read, everything else in its shortest form), so an equal sum means
that every part begins and ends where it is counted. A part of equal length can only differ from the
one form in what is looked at: the branch of a union (one byte, 0 or 2), and the count of a list of
sixty-four or more items, which two blocks can make up with as many bytes. The second is read the
same and only moves the items, so it is looked at only where there are unions among them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from backbone.codec.decode_schema import fixed_width
from backbone.codec.validators import doubt
from backbone.contracts.shape import Array, Leaf, Nullable, Record, Shape

_ITEM = "item"
_DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class _Run:
    """Parts between two places that matter: a column with their length, and a constant."""

    column: str
    constant: int


@dataclass(frozen=True, slots=True)
class _Branch:
    """A union's branch; the column says where there is one ("": everywhere)."""

    column: str


@dataclass(frozen=True, slots=True)
class _List:
    """A list: columns of its items and their number, and what is done with each item."""

    column: str
    count: str
    level: "Level"


_Step = _Run | _Branch | _List


@dataclass(slots=True)
class _Measured:
    """What a level's values are: one row each, with the row of the payload they are from."""

    columns: pl.DataFrame
    rows: pl.Series
    lengths: pl.Series
    inside: list[tuple["_Measured", pl.Series]] = field(default_factory=list)


class Level:
    """The values of one depth: those of the records, or those of the items of one list."""

    def __init__(self, shape: Shape, value: pl.Expr | None = None) -> None:
        self._steps: list[_Step] = []
        self._columns: list[pl.Expr] = []
        self._doubts: list[pl.Expr] = []
        self._lengths: list[pl.Expr] = []
        self._constant = 0
        self._walk(shape, value, None)
        self._end_run()
        self._columns += [pl.any_horizontal(*self._doubts).alias(_DOUBT)] if self._doubts else []
        self.has_branches: bool = any(
            isinstance(step, _Branch) or (isinstance(step, _List) and step.level.has_branches)
            for step in self._steps
        )

    def doubtful(
        self, frame: pl.DataFrame, payloads: Sequence[bytes], lengths: Sequence[int]
    ) -> set[int]:
        """Rows of a decoded frame that may not be canonical or may not be in the value domain."""
        measured = self.measure(frame, pl.int_range(frame.height, eager=True))
        given = pl.Series(lengths, dtype=pl.Int64)
        found = set(measured.rows.filter(measured.lengths != given))
        for rows in self.doubted(measured):
            found.update(rows)
        if self.has_branches:
            bytes_of = pl.Series(payloads, dtype=pl.Binary)
            for rows in self.misplaced(measured, measured.rows * 0, bytes_of):
                found.update(rows)
        return found

    # compiling

    def _walk(self, shape: Shape, value: pl.Expr | None, present: pl.Expr | None) -> None:
        """`value` is None for the fact itself; `present` is None where nothing can be absent."""
        match shape:
            case Record():
                for each in shape.fields:
                    inside = value.struct.field(each.name) if value is not None else None
                    named = pl.col(each.name) if inside is None else inside
                    self._walk(each.shape, named, present)
            case Nullable(inner) if value is not None:
                self._branch(present)
                self._walk(inner, value, value.is_not_null())
            case Array(items) if value is not None:
                self._list(items, value)
            case Leaf() if value is not None:
                self._leaf(shape, value, present)

    def _leaf(self, leaf: Leaf, value: pl.Expr, present: pl.Expr | None) -> None:
        found, width = doubt(leaf, value), fixed_width(leaf)
        self._doubts += [] if found is None else [found]
        if width:
            self._add_constant(width, present)
        else:
            self._lengths.append(_length(leaf, value))

    def _add_constant(self, width: int, present: pl.Expr | None) -> None:
        if present is None:
            self._constant += width
        else:
            self._lengths.append(present.cast(pl.UInt32) * width)

    def _branch(self, present: pl.Expr | None) -> None:
        self._end_run()
        column = "" if present is None else self._column(present)
        self._steps.append(_Branch(column))
        self._add_constant(1, present)

    def _list(self, items: Shape, value: pl.Expr) -> None:
        self._end_run()
        count = self._column(value.list.len())
        self._steps.append(_List(self._column(value), count, Level(items, pl.col(_ITEM))))

    def _end_run(self) -> None:
        column = self._column(pl.sum_horizontal(self._lengths)) if self._lengths else ""
        if column or self._constant:
            self._steps.append(_Run(column, self._constant))
        self._lengths, self._constant = [], 0

    def _column(self, value: pl.Expr) -> str:
        name = str(len(self._columns))
        self._columns.append(value.alias(name))
        return name

    # measuring

    def measure(self, frame: pl.DataFrame, rows: pl.Series) -> _Measured:
        columns = frame.select(self._columns)
        measured = _Measured(columns, rows, rows * 0)
        for step in self._steps:
            match step:
                case _Run(column, constant):
                    measured.lengths = _plus(measured.lengths, columns, column) + constant
                case _List():
                    measured.lengths = measured.lengths + _measure_list(step, measured)
        return measured

    def doubted(self, measured: _Measured) -> Iterator[pl.Series]:
        if self._doubts:
            yield measured.rows.filter(measured.columns[_DOUBT])
        lists = (step for step in self._steps if isinstance(step, _List))
        for step, (inside, _) in zip(lists, measured.inside, strict=True):
            yield from step.level.doubted(inside)

    # looking at the places

    def misplaced(
        self, measured: _Measured, at: pl.Series, payloads: pl.Series
    ) -> Iterator[pl.Series]:
        """Rows with a wrong byte where a union's branch or a list's count stands. `at` is where
        each value of this level begins."""
        own, inside = payloads.gather(measured.rows), iter(measured.inside)
        for step in self._steps:
            match step:
                case _Run(column, constant):
                    at = _plus(at, measured.columns, column) + constant
                case _Branch(column):
                    wrong = _at(own, at).select(_WRONG_BRANCH).to_series()
                    present = measured.columns[column] if column else True
                    yield measured.rows.filter(wrong & present)
                case _List():
                    items, totals = next(inside)
                    yield from _misplaced_in(step, measured, (items, totals), at, payloads)
                    around = measured.columns.select(_around(pl.col(step.count)))
                    at = at + totals + around.to_series()


def _misplaced_in(
    step: _List,
    measured: _Measured,
    inside: tuple[_Measured, pl.Series],
    at: pl.Series,
    payloads: pl.Series,
) -> Iterator[pl.Series]:
    """Of lists that begin at `at`. Only unions among the items can be misplaced."""
    if not step.level.has_branches:
        return
    (items, totals), counts = inside, measured.columns[step.count]
    lists = _at(payloads.gather(measured.rows), at).with_columns(counts.alias("count"))
    yield measured.rows.filter(lists.select(_wrong_count(pl.col("count"))).to_series())
    starts = _starts(at, counts, totals, items.lengths)
    yield from step.level.misplaced(items, starts, payloads)


def _length(leaf: Leaf, value: pl.Expr) -> pl.Expr:
    if leaf.kind == "string":
        size = value.str.len_bytes()
    elif leaf.kind == "bytes":
        size = value.bin.size()
    else:
        leading = value.bitwise_leading_zeros() + value.bitwise_leading_ones()  # one of them is 0
        return (71 - leading) // 7
    return size + (39 - size.bitwise_leading_zeros()) // 7


def _plus(lengths: pl.Series, columns: pl.DataFrame, column: str) -> pl.Series:
    return lengths + columns[column].cast(pl.Int64) if column else lengths


def _measure_list(step: _List, measured: _Measured) -> pl.Series:
    """The length of each list; its items and their totals are kept in `inside`."""
    lists = pl.DataFrame({"row": measured.rows, _ITEM: measured.columns[step.column]})
    # a null list has no items, but an item may be null
    exploded = lists.drop_nulls(_ITEM).explode(_ITEM, empty_as_null=False)
    items = step.level.measure(exploded.select(_ITEM), exploded["row"])
    count = pl.col(step.count)
    found = measured.columns.select(
        count.fill_null(0).cast(pl.Int64).alias("count"), _around(count).alias("around")
    )
    sums = pl.concat([pl.Series([0]), items.lengths.cum_sum()])
    ends = found["count"].cum_sum()
    totals = sums.gather(ends) - sums.gather(ends - found["count"])
    measured.inside.append((items, totals))
    return totals + found["around"]


def _around(counts: pl.Expr) -> pl.Expr:
    """Bytes of a list beside its items: their number, and the zero at its end."""
    return _count_length(counts) + counts.is_not_null().cast(pl.Int64)


def _count_length(counts: pl.Expr) -> pl.Expr:
    """Bytes of the number of items; none where there are none, for then that is the zero."""
    bits = 39 - counts.bitwise_leading_zeros()
    return ((bits // 7).cast(pl.Int64) * (counts > 0).cast(pl.Int64)).fill_null(0)


def _starts(at: pl.Series, counts: pl.Series, totals: pl.Series, lengths: pl.Series) -> pl.Series:
    """Where each item begins: `lengths` runs on from list to list, and is set back at each."""
    lists = pl.DataFrame({"at": at, "count": counts, "total": totals})
    total, count = pl.col("total"), pl.col("count")
    first = pl.col("at") + _count_length(count) - (total.cum_sum() - total)
    each = lists.select(first.repeat_by(count).filter(count > 0).explode())
    return each.to_series() + lengths.cum_sum() - lengths


def _at(payloads: pl.Series, at: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"payload": payloads, "at": at})


_BYTE = pl.col("payload").bin.get(pl.col("at"), null_on_oob=True)
"""One byte of each payload; null behind its end."""

# Whether a byte is neither of a union's two branches: 0 and 1 in zigzag.
_WRONG_BRANCH = ((_BYTE != 0) & (_BYTE != 2)).fill_null(value=True)  # noqa: PLR2004 - zigzag of 1


def _wrong_count(counts: pl.Expr) -> pl.Expr:
    """Whether a list does not begin with the number of all its items."""
    more = (counts >= 64).cast(pl.Int64) * 0x80  # noqa: PLR2004 - does not fit in one byte
    first = (counts.cast(pl.Int64) * 2) % 0x80 + more
    return (_BYTE.cast(pl.Int64) != first).fill_null(value=True) & counts.is_not_null()
