"""ClickHouse's engine in this very process: one path, one statement at a time."""

import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from cli.stack.clickhouse_statement import Statement

_UNKNOWN = 1002  # ClickHouse's UNKNOWN_EXCEPTION
_CANNOT_WRITE = 75  # ClickHouse's CANNOT_WRITE_TO_FILE_DESCRIPTOR
_CODE = re.compile(r"Code: (\d+)\.")


class EngineError(Exception):
    """What the engine said of a statement, with ClickHouse's number for it."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Answer:
    data: bytes
    rows_read: int = 0
    rows_written: int = 0


class Runs(Protocol):
    """What the HTTP interface needs of an engine."""

    def run(self, statement: Statement) -> Answer:
        """Run one statement to its end; nobody else's meanwhile. Raises EngineError."""


class Engine:
    """The engine on a folder. A second one on the same folder is refused by the engine itself.

    What an INSERT brings along is handed to it in a file beside that folder, for a moment: shared
    memory would do as well, but is not everywhere there, writable, or large enough."""

    def __init__(self, folder: Path) -> None:
        self._handed_over = folder.with_name(f"{folder.name}-incoming")
        shutil.rmtree(self._handed_over, ignore_errors=True)  # of one that was killed
        self._handed_over.mkdir(parents=True)
        # here: this process alone needs it, and it takes half a second
        self._errors: type[Exception] = import_module("chdb").ChdbError
        self._session: Any = import_module("chdb.session").Session(str(folder))
        self._database = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def run(self, statement: Statement) -> Answer:
        self._use(statement.database)
        self._also(statement.setting())
        try:
            return self._run(statement)
        finally:
            self._also(statement.resetting())

    def _run(self, statement: Statement) -> Answer:
        if statement.data is None:
            return self._ask(statement.text, statement)
        if not statement.data:
            return Answer(b"")  # an INSERT of nothing
        try:
            with tempfile.NamedTemporaryFile(dir=self._handed_over) as file:
                file.write(statement.data)
                file.flush()
                return self._ask(statement.reading(file.name), statement)
        except OSError as error:
            said = f"Code: {_CANNOT_WRITE}. The data of an INSERT could not be handed over: {error}"
            raise EngineError(said, _CANNOT_WRITE) from error

    def _ask(self, text: str, statement: Statement) -> Answer:
        try:
            found = self._session.query(text, statement.output, params=dict(statement.parameters))
            return Answer(bytes(found.bytes() or b""), found.rows_read(), found.rows_written())
        except self._errors as error:
            raise _translated(error) from None

    def _use(self, database: str) -> None:
        if database != self._database:
            self._also(f"USE `{database}`")
            self._database = database

    def _also(self, text: str | None) -> None:
        if text is None:
            return
        try:
            self._session.query(text)
        except self._errors as error:
            raise _translated(error) from None


def _translated(error: Exception) -> EngineError:
    text = str(error)
    found = _CODE.search(text)
    return EngineError(text, int(found.group(1)) if found else _UNKNOWN)
