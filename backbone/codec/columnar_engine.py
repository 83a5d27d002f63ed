"""The columnar engine: Polars, all payloads of a writer's schema at once.

It vouches for what it read in the one form that Avro writes and inside the value domain; whatever
it does not vouch for, the row engine decides. So both accept the same bytes and give the same
values, a refusal has the same reason and message, and neighbours in the batch change nothing.

Polars is imported in this package alone. Where it meets bytes that it did not expect it panics,
which Python sees as a BaseException: that ends here.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import polars as pl
from polars.exceptions import PanicException

from backbone.codec.canonical import Level
from backbone.codec.column_values import column_type, compile_lower
from backbone.codec.columns import Columns
from backbone.codec.container import Container, draw_guard
from backbone.codec.decode_schema import (
    GUARD,
    ROW,
    Unsupported,
    added_fields,
    decode_schema,
    samples,
)
from backbone.codec.expansion import Expansion
from backbone.codec.row_engine import RowDecoder
from backbone.contracts.contract import Contract
from backbone.contracts.shape import Record
from backbone.errors import Poison

# A run that does not parse and is no longer than this the row engine reads faster than Polars could
# be asked about its halves.
FEW = 100


class ColumnarDecoder:
    """Decodes batches of payloads of one writer's schema, frame stripped."""

    def __init__(self, writer: Any, shape: Record, contract: Contract) -> None:
        """Raises Unsupported for a schema that only the row engine reads, and Poison
        (SCHEMA_REFUSED) for one that neither does."""
        self._shape = contract.shape
        self._rows = RowDecoder(writer, shape, contract)
        self._lower = compile_lower(contract.shape)
        self._container = Container(decode_schema(shape))
        self._expansion = Expansion(shape)
        self._level = Level(shape)
        self._types = {each.name: column_type(each.shape) for each in contract.shape.fields}
        self._none = pl.DataFrame(schema={ROW: pl.Int64(), **self._types})
        self._fields = [pl.col(ROW), *self._ours(shape, contract)]
        self._refuse_unreadable(shape)

    def decode(self, payloads: Sequence[bytes], indexes: Sequence[int] | None = None) -> Columns:
        """Give the accepted facts, and a poison for each payload that is none.

        `indexes` are the payloads' places in their batch, rising (None: they are the batch); facts
        and poisons are known by them. Raises nothing, whatever the bytes.
        """
        frames, poisons = [*self._vouched(payloads)], dict[int, Poison]()
        if sum(frame.height for frame in frames) < len(payloads):
            rows, poisons = self._decided(payloads, [frame[ROW] for frame in frames])
            frames.append(rows)
        frame = frames[0] if len(frames) == 1 else pl.concat([self._none, *frames]).sort(ROW)
        if indexes is not None and indexes != range(len(payloads)):
            frame = frame.with_columns(pl.Series(ROW, indexes, pl.Int64).gather(frame[ROW]))
            poisons = {indexes[at]: poison for at, poison in poisons.items()}
        return Columns(self._shape, frame, poisons)

    def _ours(self, shape: Record, contract: Contract) -> Iterator[pl.Expr]:
        """The contract's fields: the writer's, and the defaults of those it does not have."""
        added = added_fields(shape, contract)
        for each in contract.shape.fields:
            if each.name in added:
                value = compile_lower(each.shape)(added[each.name])
                yield pl.lit(value, self._types[each.name]).alias(each.name)
            else:
                yield pl.col(each.name)

    def _refuse_unreadable(self, shape: Record) -> None:
        """Try: what a version of the engine lacks is found before the first batch, not in it."""
        try:
            frame = self._parsed(samples(shape))
        except (Exception, PanicException) as error:
            raise Unsupported(f"the engine does not read it: {type(error).__name__}") from error
        types = {each.name: column_type(each.shape) for each in shape.fields}
        if frame is None or frame.drop(ROW, GUARD).schema != types:
            raise Unsupported("the engine reads it as something else")

    # reading at once

    def _vouched(self, payloads: Sequence[bytes]) -> Iterator[pl.DataFrame]:
        """What the columnar engine vouches for; a run that does not parse is cut in half."""
        lengths = list(map(len, payloads))
        runs = [run for run in self._expansion.cut(lengths) if run]
        while runs:
            run = runs.pop()
            frame = self._vouched_run(payloads[run.start : run.stop], lengths[run.start : run.stop])
            if frame is not None:
                yield frame.with_columns(pl.col(ROW) + run.start) if run.start else frame
            elif len(run) > FEW:
                middle = len(run) // 2
                runs += [run[middle:], run[:middle]]

    def _vouched_run(
        self, payloads: Sequence[bytes], lengths: Sequence[int]
    ) -> pl.DataFrame | None:
        try:
            frame = self._parsed(payloads)
            if frame is None:
                return None
            doubtful = self._level.doubtful(frame, payloads, lengths)
        except (Exception, PanicException):  # noqa: BLE001 - the row engine says what is wrong
            return None
        if doubtful:
            frame = frame.filter(~pl.col(ROW).is_in(list(doubtful)))
        return frame.select(self._fields)

    def _parsed(self, payloads: Sequence[bytes]) -> pl.DataFrame | None:
        """Parse a container; None where a guard is not as it was written."""
        guard = draw_guard()
        frame = pl.read_avro(BytesIO(self._container.of(payloads, guard)))
        rows = pl.int_range(len(payloads), eager=True)
        intact = frame[ROW].equals(rows) and (frame[GUARD] == guard).all()
        return frame if intact else None

    # one by one

    def _decided(
        self, payloads: Sequence[bytes], vouched: Sequence[pl.Series]
    ) -> tuple[pl.DataFrame, dict[int, Poison]]:
        """What the row engine says of every payload that nobody vouched for."""
        rows: list[dict[str, Any]] = []
        poisons: dict[int, Poison] = {}
        for at in sorted(set(range(len(payloads))).difference(*vouched)):
            try:
                rows.append({ROW: at, **self._lower(self._rows.decode(payloads[at]))})
            except Poison as poison:
                poisons[at] = _without_frames(poison)
        return pl.DataFrame(rows, self._none.schema, orient="row"), poisons


def columnar(writer: Any, shape: Record, contract: Contract) -> ColumnarDecoder | None:
    """A `backbone.codec.engine.BatchEngine`: asked once per schema, never per batch."""
    try:
        return ColumnarDecoder(writer, shape, contract)
    except (Unsupported, Poison):
        return None


def _without_frames(poison: Poison) -> Poison:
    """The frames that an error passed through keep the payload alive, thousands of times over."""
    poison.__context__ = None
    return poison.with_traceback(None)
