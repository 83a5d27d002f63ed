"""What a service of the embedded stack is. A new one is a class here beside and a catalog row."""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from cli.stack.downloads import Cache
from cli.stack.process import Launch
from cli.stack.state import StateDir


@dataclass(frozen=True)
class Site:
    """Where one stack's services live."""

    state: StateDir
    cache: Cache

    def folder(self, name: str) -> Path:
        folder = self.state.root / name
        folder.mkdir(exist_ok=True)
        return folder

    def log(self, name: str) -> Path:
        return self.folder("logs") / f"{name}.log"

    def hold(self, name: str) -> Path:
        return self.folder("holds") / name


class Service(Protocol):
    ports: ClassVar[tuple[str, ...]]  # the first is the one clients use
    downloads: ClassVar[bool]  # whether it needs the cache filled
    ready_seconds: ClassVar[float]  # on a slow, loaded machine
    gentle: ClassVar[signal.Signals]  # asks it to end, data safe

    def __init__(self, site: Site) -> None: ...

    def prepare(self, hold: int) -> None:
        """Before each start, the service not running. Repeatable after a kill at any point.

        `hold` goes to every process this runs: the next start waits until they have ended.
        """

    def launch(self) -> Launch:
        """After `prepare`."""

    def answers(self) -> bool:
        """One question in the service's own protocol, polled until true. Never raises."""

    def settle(self) -> None:
        """Once it answers, at every `up`, also of a service that was already running."""
