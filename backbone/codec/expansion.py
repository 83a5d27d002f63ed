"""How much memory payloads may become as columns, and how they are cut so that it stays bounded.

A column has a cell for every value, present or not: a list of absent records with fifty fields
takes one byte an item on the wire and fifty cells in memory. So bytes alone bound nothing; here
each byte counts as many cells as the schema can make of it, and a schema that makes too many of one
is for the row engine.
"""

from collections.abc import Iterator, Sequence

from backbone.codec.decode_schema import Unsupported, fixed_width
from backbone.codec.row_engine import MAX_PAYLOAD_BYTES
from backbone.contracts.shape import Array, Leaf, Nullable, Record, Shape, parts

# What is parsed at once: some 30 bytes a cell at worst, and far more cells than a batch of facts.
MAX_CELLS = 8_000_000
MAX_ROWS = 50_000
# A fact of 1 MiB can become some 100 MB then, as a list of numbers becomes in Python.
MAX_CELLS_A_BYTE = 4
# An absent fixed value is stored as its size in zeros.
_CELL_BYTES = 16


class Expansion:
    """What the payloads of one schema can become."""

    def __init__(self, shape: Record) -> None:
        """Raises Unsupported."""
        self._per_row = _cells(shape)
        self._per_byte = _density(shape)
        if self._per_byte > MAX_CELLS_A_BYTE or self._per_row > MAX_CELLS:
            raise Unsupported("what is absent in it could take too much memory")

    def cut(self, lengths: Sequence[int]) -> Iterator[range]:
        """Cut into runs of consecutive payloads to be parsed at once. Those above what is read at
        all are left out."""
        if self._is_one_run(lengths):
            yield range(len(lengths))
            return
        start = total = 0
        for at, length in enumerate(lengths):
            cells = self._per_row + length * self._per_byte
            left_out = length > MAX_PAYLOAD_BYTES
            if left_out or total + cells > MAX_CELLS or at - start == MAX_ROWS:
                yield range(start, at)
                start, total = at + left_out, 0
            total += 0 if left_out else cells
        yield range(start, len(lengths))

    def _is_one_run(self, lengths: Sequence[int]) -> bool:
        """As nearly all batches are."""
        count, longest = len(lengths), max(lengths, default=0)
        cells = count * self._per_row + sum(lengths) * self._per_byte
        return count <= MAX_ROWS and longest <= MAX_PAYLOAD_BYTES and cells <= MAX_CELLS


def _cells(shape: Shape) -> int:
    """Cells of one value without what its lists hold."""
    match shape:
        case Leaf():
            return 1 + fixed_width(shape) // _CELL_BYTES
        case Nullable(inner):
            return _cells(inner)
        case Record():
            return sum(_cells(each.shape) for each in shape.fields)
    return 1


def _density(shape: Shape) -> int:
    """Most cells that one byte can become: a list's items each have the width of the smallest."""
    inside = max((_density(part) for part in parts(shape)), default=1)
    if isinstance(shape, Array):
        return max(inside, -(-_cells(shape.items) // _width(shape.items)))
    return inside


def _width(shape: Shape) -> int:
    """Fewest bytes one value takes."""
    match shape:
        case Leaf():
            return fixed_width(shape) or 1
        case Record():
            return sum(_width(each.shape) for each in shape.fields)
    return 1
