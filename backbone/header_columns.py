"""Headers column by column: read once, while their records are at hand, and kept as values.

Most records of a topic have the same header names, as one publisher writes them. Of such a run the
names are kept once and the values in columns: nothing is left of the pairs and lists in which a
client hands them over, and whoever wants one header of every record has it at once.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter
from typing import Self, overload

from backbone.record import Headers, picked

Column = Sequence[bytes | None]
_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive records, from place `start` on, whose headers have the same names: a column for
    each of the names."""

    start: int
    count: int
    names: Sequence[str]
    columns: Sequence[Column]

    def at(self, place: int) -> Headers:
        values = [each[place - self.start] for each in self.columns]
        return list(zip(self.names, values, strict=True))

    def column(self, name: str) -> Column:
        for at in range(len(self.names) - 1, -1, -1):
            if self.names[at] == name:
                return self.columns[at]
        return [None] * self.count


class HeaderColumns(Sequence[Headers]):
    """The headers of a batch's records, in their order; grows by `add` and `extend`."""

    def __init__(self, rows: Sequence[Headers] = ()) -> None:
        self._runs: list[_Run] = []
        self._count = 0
        self.add(rows)

    @classmethod
    def of(cls, names: Sequence[str], columns: Sequence[Column], count: int) -> Self:
        """Of `count` records that all have the same names."""
        made = cls()
        made._append(count, names, columns)
        return made

    def add(self, rows: Sequence[Headers]) -> None:
        """A hundred at a time are the fastest: they are in the processor's cache still."""
        if not rows or self._add_alike(rows):
            return
        for _, some in groupby(rows, _names):
            self._add_alike([*some])

    def extend(self, behind: "HeaderColumns") -> None:
        for each in behind._runs:  # noqa: SLF001 - of this very class
            self._append(each.count, each.names, each.columns)

    def between(self, start: int, stop: int) -> "HeaderColumns":
        """Those of the records in the places from `start` to before `stop`."""
        found = HeaderColumns()
        for run in self._runs:
            low, high = max(start - run.start, 0), min(stop - run.start, run.count)
            if low < high:
                found._append(high - low, run.names, [each[low:high] for each in run.columns])
        return found

    def columns(self, names: Sequence[str]) -> list[Column]:
        """The values of these headers, a column for each name: of headers that repeat the last one,
        None where a record has none."""
        if len(self._runs) == 1:
            return [self._runs[0].column(name) for name in names]
        return [[*chain.from_iterable(run.column(name) for run in self._runs)] for name in names]

    def only(self, name: str) -> Column | None:
        """The values of this header; None where a record has not exactly this one."""
        alone = all(list(run.names) == [name] for run in self._runs)
        return self.columns([name])[0] if alone else None

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Headers: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Headers]: ...
    def __getitem__(self, index: int | slice) -> Headers | Sequence[Headers]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self._count))]
        place = range(self._count)[index]
        run = bisect_right(self._runs, place, key=attrgetter("start")) - 1
        return self._runs[run].at(place)

    def __iter__(self) -> Iterator[Headers]:
        return (run.at(run.start + place) for run in self._runs for place in range(run.count))

    def _add_alike(self, rows: Sequence[Headers]) -> bool:
        """Whether all of them have the same names; else nothing is added."""
        try:
            columns = [[*zip(*pairs, strict=True)] for pairs in zip(*rows, strict=True)]
        except ValueError:  # one has more of them than another
            return False
        if any(names.count(names[0]) < len(names) for names, _ in columns):
            return False
        self._append(len(rows), [names[0] for names, _ in columns], [each for _, each in columns])
        return True

    def _append(self, count: int, names: Sequence[str], columns: Sequence[Column]) -> None:
        self._runs.append(_Run(self._count, count, names, columns))
        self._count += count


class ChosenHeaders(Sequence[Headers]):
    """Those of some of the records, in the order given."""

    def __init__(self, headers: "HeaderColumns | ChosenHeaders", places: Sequence[int]) -> None:
        self._headers = headers
        self._places = places

    def columns(self, names: Sequence[str]) -> list[Column]:
        """As `HeaderColumns.columns`."""
        return [[*picked(each, self._places)] for each in self._headers.columns(names)]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Headers: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Headers]: ...
    def __getitem__(self, index: int | slice) -> Headers | Sequence[Headers]:
        if isinstance(index, slice):
            return ChosenHeaders(self._headers, self._places[index])
        return self._headers[self._places[index]]


def chosen_headers(headers: Sequence[Headers], places: Sequence[int]) -> Sequence[Headers]:
    """The headers in some places of a batch; those in others are not read."""
    if isinstance(headers, HeaderColumns | ChosenHeaders):
        every = places == range(len(headers)) or [*places] == [*range(len(headers))]
        return headers if every else ChosenHeaders(headers, places)
    found = HeaderColumns()
    for start in range(0, len(places), _AT_A_TIME):
        found.add([headers[place] for place in places[start : start + _AT_A_TIME]])
    return found


def header_columns(headers: Sequence[Headers], names: Sequence[str]) -> list[Column]:
    """`HeaderColumns.columns`, of whatever headers a batch has."""
    if isinstance(headers, HeaderColumns | ChosenHeaders):
        return headers.columns(names)
    return HeaderColumns(headers).columns(names)


def _names(headers: Headers) -> Sequence[str]:
    return [name for name, _ in headers]
