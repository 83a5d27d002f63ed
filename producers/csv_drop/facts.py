"""From a row to its fact: fields by the contract, an id that a second reading gives again."""

from datetime import datetime
from hashlib import sha1
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backbone.errors import BackboneError, Misconfigured, Poison, PoisonReason
from backbone.fact import Envelope, Fact, Origin
from backbone.replay.rejects import Rejected
from backbone.source import Draft, Reject
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
        self._by_contract = by_contract and settings.key_field in settings.columns
        self._key_at = settings.columns.index(settings.key_field) if self._by_contract else 0
        namespace = uuid5(NAMESPACE_URL, f"{settings.source}#{settings.fact_type}")
        self._id_hash = sha1(namespace.bytes, usedforsecurity=False)

    def of(self, file: str, columns: tuple[str, ...]) -> "FileMaker":
        """For the rows of one file, whose columns may come in any order."""
        return FileMaker(self, file, columns, self._settings)

    def draft(self, sequence: str, cells: list[str]) -> Draft | None:
        if not self._by_contract:
            return None
        settings = self._settings
        return Draft(
            settings.fact_type,
            dict(zip(settings.columns, cells, strict=True)),
            settings.key_field,
            cells[self._key_at],
            self._id(cells),
            settings.source,
            sequence,
            settings.time_field,
            None,
            (),
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
    """See `backbone.source.RowMaker`."""

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

    def draft(self, row: Row) -> Draft | None:
        cells = row.cells
        if row.problem is not None or len(cells) != len(self._order):
            return None
        if not self._in_order:
            cells = [cells[index] for index in self._order]
        return self._maker.draft(self._sequence(row), cells)

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

    def draft(self, _: Row) -> None:
        return None


def _cells(row: Row, order: list[int]) -> list[str]:
    """The cells in the order the columns are declared."""
    if row.problem is not None:
        # several rows may share it: without this its traceback would grow with each of them
        raise row.problem.with_traceback(None)
    if len(row.cells) != len(order):
        message = f"the row has {len(row.cells)} of {len(order)} columns"
        raise Poison(PoisonReason.UNPARSABLE, message)
    return [row.cells[index] for index in order]
