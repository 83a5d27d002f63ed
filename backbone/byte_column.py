"""Bytes of many records that are no objects yet: whoever can do without them makes none."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, overload


class ByteColumn(Sequence[bytes | None]):
    """A value of each record. As a sequence it is what a list of them would be, made when it is
    first asked for; `backbone/codec/series_column.py` has it as a series."""

    @abstractmethod
    def objects(self) -> list[bytes | None]:
        """All of them, made once."""

    def at(self, places: Sequence[int]) -> list[Any]:
        """The values in some places."""
        known = self.objects()
        return [known[place] for place in places]

    @abstractmethod
    def cut(self, start: int, stop: int | None = None) -> "ByteColumn":
        """Of each value the bytes from `start` to before `stop`."""

    @abstractmethod
    def part(self, places: slice) -> "ByteColumn":
        """The values in these places."""

    @abstractmethod
    def prefix(self, size: int) -> bytes | None:
        """The first bytes, so many, of every value; None where they are not the same."""

    @abstractmethod
    def alike(self) -> bool:
        """Whether they are one value, again and again."""

    @overload
    def __getitem__(self, index: int) -> bytes | None: ...
    @overload
    def __getitem__(self, index: slice) -> "ByteColumn": ...
    def __getitem__(self, index: int | slice) -> "bytes | ByteColumn | None":
        return self.part(index) if isinstance(index, slice) else self.objects()[index]

    def __iter__(self) -> Iterator[bytes | None]:
        return iter(self.objects())

    def count(self, value: Any) -> int:
        return self.objects().count(value)
