"""How long to wait before the next try: exponential, capped, with jitter."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from backbone.errors import Transient


@dataclass(slots=True)
class Backoff:
    """One row of failures. `next_seconds` grows from `first` to `most`; `reset` after a success.

    Jitter is full between half and whole, so that workers that failed together do not return
    together. A Transient that names its own wait is obeyed, up to `most`.
    """

    first_seconds: float = 0.1
    most_seconds: float = 5.0
    chance: Callable[[], float] = random.random
    failures: int = field(default=0, init=False)

    def next_seconds(self, error: Transient) -> float:
        grown = min(self.first_seconds * 2.0**self.failures, self.most_seconds)
        self.failures = min(self.failures + 1, 30)
        if error.retry_after_seconds is not None:
            return min(error.retry_after_seconds, self.most_seconds)
        return grown * (0.5 + self.chance() / 2)

    def reset(self) -> None:
        self.failures = 0
