"""The demo's progress: bars for people, a line now and then for a log."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

_LINE_SECONDS = 3.0


class Meter:
    """Counts of named things, each against its total."""

    def __init__(self, totals: Mapping[str, int]) -> None:
        self._console = Console(stderr=True)
        self._totals = totals
        columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn())
        self._bars = Progress(
            *columns, console=self._console, disable=not self._console.is_terminal
        )
        self._tasks = {
            name: self._bars.add_task(name, total=total) for name, total in totals.items()
        }
        self._line_due = time.monotonic() + _LINE_SECONDS

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def show(self, counts: Mapping[str, int]) -> None:
        for name, count in counts.items():
            self._bars.update(self._tasks[name], completed=count)
        if not self._console.is_terminal and time.monotonic() > self._line_due:
            self._line_due = time.monotonic() + _LINE_SECONDS
            told = ", ".join(f"{name} {counts[name]}/{self._totals[name]}" for name in counts)
            self._console.print(told, highlight=False, soft_wrap=True)
