"""Progress of long work, on stderr: a line every other second, none where it is quick."""

import sys
import time
from typing import Final

_EVERY_SECONDS: Final = 2.0


class Progress:
    def __init__(self, command: str) -> None:
        self._command = command
        self._next = time.monotonic() + _EVERY_SECONDS

    def __call__(self, what: str, done: int, about: int) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY_SECONDS
        sys.stderr.write(f"{self._command}: {what}: {done:,} of about {about:,}\n")
        sys.stderr.flush()
