"""From a row to its fact: fields by the contract, an id that a second reading gives again."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha1
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backbone.errors import BackboneError, Misconfigured, Poison, PoisonReason
from backbone.fact import Envelope, Fact, Origin
from backbone.source import Reject
from producers.csv_drop.rows import Row
from producers.csv_drop.settings import Parse, Settings

_VARIANT = "89ab"  # RFC 9562: the two leading bits of the seventeenth digit are 10


class FactMaker:
    """The id is UUIDv5 of every cell, in the order the columns are declared.

    So the same row has the same id when its file is read again, when it comes in another file, and
    when its columns come in another order; rows that differ in any cell have different ids, also
    two prices of one key at one instant. Two equal rows are one statement made twice: one id.
    """

    def __init__(self, settings: Settings, parse: Parse) -> None:
        self._settings = settings
        self._parse = parse
        namespace = uuid5(NAMESPACE_URL, f"{settings.source}#{settings.fact_type}")
        self._id_hash = sha1(namespace.bytes, usedforsecurity=False)

    def make(
        self, file: str, columns: tuple[str, ...], rows: Sequence[Row]
    ) -> tuple[list[Fact], list[Reject]]:
        """Every row as a fact or a reject, each in the order of the rows."""
        facts: list[Fact] = []
        rejects: list[Reject] = []
        order = [columns.index(name) for name in self._settings.columns]
        for row in rows:
            origin = Origin(f"{file}:{row.line}", row.raw, None, columns)
            sequence = f"{file}:{row.line:010d}"
            try:
                facts.append(self._fact(sequence, _cells(row, order), origin))
            except Poison as poison:
                rejects.append(Reject(origin, poison, self._settings.fact_type))
        return facts, rejects

    def refuse(self, file: str, rows: Sequence[Row], problem: str) -> list[Reject]:
        """Every row of a file whose header row does not fit, each by itself, to be mended so."""
        misfit = Poison(PoisonReason.UNPARSABLE, problem)
        return [
            Reject(
                Origin(f"{file}:{row.line}", row.raw),
                row.problem or misfit,
                self._settings.fact_type,
            )
            for row in rows
        ]

    def _fact(self, sequence: str, cells: list[str], origin: Origin) -> Fact:
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


def _cells(row: Row, order: list[int]) -> list[str]:
    """The cells in the order the columns are declared."""
    if row.problem is not None:
        # several rows may share it: without this its traceback would grow with each of them
        raise row.problem.with_traceback(None)
    if len(row.cells) != len(order):
        message = f"the row has {len(row.cells)} of {len(order)} columns"
        raise Poison(PoisonReason.UNPARSABLE, message)
    return [row.cells[index] for index in order]
