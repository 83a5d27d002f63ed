"""From a row to its fact: fields by the contract, an id that a second reading gives again."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha1
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backbone.errors import BackboneError, Misconfigured, Poison, PoisonReason
from backbone.fact import Envelope, Fact, Origin
from backbone.replay.rejects import Rejected
from backbone.source import Drafts, Make, MakeDrafts, Reject
from producers.csv_drop.rows import Row, read_alone
from producers.csv_drop.settings import Parse, Settings

_VARIANT = "89ab"  # RFC 9562: the two leading bits of the seventeenth digit are 10


class FactMaker:
    """The id is UUIDv5 of every cell, in the order the columns are declared.

    So the same row has the same id when its file is read again, when it comes in another file, and
    when its columns come in another order; rows that differ in any cell have different ids, also
    two prices of one key at one instant. Two equal rows are one statement made twice: one id.
    """

    def __init__(self, settings: Settings, parse: Parse, *, by_contract: bool = False) -> None:
        """`by_contract`: `parse` does what backbone.contracts.parse does, so there are drafts."""
        self._settings = settings
        self._parse = parse
        needed = {settings.key_field, settings.time_field}
        self.drafting = by_contract and needed <= set(settings.columns)
        namespace = uuid5(NAMESPACE_URL, f"{settings.source}#{settings.fact_type}")
        self._id_hash = sha1(namespace.bytes, usedforsecurity=False)

    def of(
        self, file: str, columns: tuple[str, ...], problem: str | None
    ) -> tuple[Make, MakeDrafts | None]:
        """For the rows of one file, whose columns may come in any order; `problem` is its header
        row's, if it does not fit."""
        if problem is not None:
            return Refuser(file, self._settings.fact_type, problem).make, None
        maker = FileMaker(self, file, columns, self._settings)
        return maker.make, maker.drafts

    def drafts(
        self, places: Sequence[int], sequences: Sequence[str], cells: Sequence[list[str]]
    ) -> Drafts:
        """`cells` in the order the columns are declared."""
        settings = self._settings
        columns = dict(zip(settings.columns, map(list, zip(*cells, strict=True)), strict=True))
        return Drafts(
            type=settings.fact_type,
            places=places,
            fields=columns,
            key_field=settings.key_field,
            keys=columns[settings.key_field],
            ids=list(map(self._id, cells)),
            source=settings.source,
            sequences=sequences,
            time_field=settings.time_field,
        )

    def fact(self, sequence: str, cells: list[str], origin: Origin) -> Fact:
        settings = self._settings
        data = self._fields(dict(zip(settings.columns, cells, strict=True)))
        key = data.get(settings.key_field)
        if key is None or key == "":
            raise Poison(PoisonReason.BAD_KEY, f"{settings.key_field}, the key, is empty")
        time = data.get(settings.time_field)
        if not isinstance(time, datetime) or time.tzinfo is None:
            raise Misconfigured(
                f"{settings.time_field} of {settings.fact_type} is not an instant, so it cannot be "
                "the time of the fact. Name another field as time_field."
            )
        envelope = Envelope(self._id(cells), settings.source, time, sequence)
        return Fact(settings.fact_type, str(key), data, envelope, origin)

    def mend(self, rejected: Rejected, delimiter: str) -> Fact | Reject:
        """The fact of a row with some cells replaced: its id is of the cells as they are then."""
        origin = rejected.origin
        file, _, line = origin.position.rpartition(":")
        try:
            cells = self._mended(rejected, delimiter)
            return self.fact(f"{file}:{int(line or 0):010d}", cells, origin)
        except Poison as poison:
            return Reject(origin, poison, self._settings.fact_type)

    def _mended(self, rejected: Rejected, delimiter: str) -> list[str]:
        columns = rejected.origin.columns or self._settings.columns
        unknown = sorted(rejected.repair.keys() - set(self._settings.columns))
        if unknown:
            raise Poison(PoisonReason.UNPARSABLE, f"the repair names {', '.join(unknown)}")
        cells = read_alone(rejected.origin.value, delimiter)
        known = dict(zip(columns, cells, strict=True)) if len(cells) == len(columns) else {}
        known |= rejected.repair
        missing = [name for name in self._settings.columns if name not in known]
        if missing:
            message = f"the row has {len(cells)} of {len(columns)} columns"
            raise Poison(PoisonReason.UNPARSABLE, f"{message}: mend {', '.join(missing)}")
        return [known[name] for name in self._settings.columns]

    def _fields(self, cells: dict[str, str]) -> dict[str, Any]:
        try:
            return self._parse(cells)
        except BackboneError:
            raise
        except Exception as error:
            # a defect met by one row must not stop the others; its own text may quote the row
            message = f"the parser raised {type(error).__name__}"
            raise Poison(PoisonReason.HANDLER_FAILED, message) from error

    def _id(self, cells: list[str]) -> str:
        """uuid5(namespace, cells), five times faster. NUL cannot stand in a cell."""
        name = self._id_hash.copy()
        name.update("\0".join(cells).encode())
        digits = name.hexdigest()
        variant = _VARIANT[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
        )


class FileMaker:
    """`backbone.source.Make` and `MakeDrafts` of one file."""

    def __init__(
        self, maker: FactMaker, file: str, columns: tuple[str, ...], settings: Settings
    ) -> None:
        self._maker = maker
        self._file = file
        self._columns = columns
        self._fact_type = settings.fact_type
        self._order = [columns.index(name) for name in settings.columns]
        self._in_order = columns == settings.columns

    def make(self, row: Row) -> Fact | Reject:
        origin = Origin(f"{self._file}:{row.line}", row.raw, None, self._columns)
        try:
            return self._maker.fact(self._sequence(row), _cells(row, self._order), origin)
        except Poison as poison:
            return Reject(origin, poison, self._fact_type)

    def drafts(self, rows: Sequence[Row]) -> Sequence[Drafts]:
        if not self._maker.drafting:
            return ()
        width = len(self._order)
        places = [
            place
            for place, row in enumerate(rows)
            if row.problem is None and len(row.cells) == width
        ]
        if not places:
            return ()
        cells = [rows[place].cells for place in places]
        if not self._in_order:
            cells = [[each[index] for index in self._order] for each in cells]
        sequences = [self._sequence(rows[place]) for place in places]
        return [self._maker.drafts(places, sequences, cells)]

    def _sequence(self, row: Row) -> str:
        return f"{self._file}:{row.line:010d}"


class Refuser:
    """Every row of a file whose header row does not fit, each by itself, to be mended so."""

    def __init__(self, file: str, fact_type: str, problem: str) -> None:
        self._file = file
        self._fact_type = fact_type
        self._misfit = Poison(PoisonReason.UNPARSABLE, problem)

    def make(self, row: Row) -> Reject:
        origin = Origin(f"{self._file}:{row.line}", row.raw)
        return Reject(origin, row.problem or self._misfit, self._fact_type)


def _cells(row: Row, order: list[int]) -> list[str]:
    """The cells in the order the columns are declared."""
    if row.problem is not None:
        # several rows may share it: without this its traceback would grow with each of them
        raise row.problem.with_traceback(None)
    if len(row.cells) != len(order):
        message = f"the row has {len(row.cells)} of {len(order)} columns"
        raise Poison(PoisonReason.UNPARSABLE, message)
    return [row.cells[index] for index in order]
