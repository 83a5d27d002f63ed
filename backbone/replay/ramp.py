"""The ramp: how many messages may be on their way, and when to stop. Pure; time is given to it."""

from dataclasses import dataclass, field

FIRST = 10
"""So many go first; whenever as many have come back well as may be on their way, they double."""
MOST_SHARE = 100
"""Never more than one in so many is on its way without an answer: what a wrong fix may spoil."""


@dataclass(slots=True)
class Ramp:
    """`rate` is messages a second, 0: no limit. `at_once`: the most on their way, None: one in a
    hundred. More failures than `tolerated` stop it."""

    total: int
    rate: float = 0.0
    at_once: int | None = None
    tolerated: int = 0
    sent: int = 0
    heard: int = 0
    failed: int = 0
    window: int = field(init=False)
    most: int = field(init=False)
    _well: int = 0
    _began: float | None = None

    def __post_init__(self) -> None:
        self.most = max(1, self.total // MOST_SHARE) if self.at_once is None else self.at_once
        self.window = min(FIRST, self.most)

    @property
    def stopped(self) -> bool:
        return self.failed > self.tolerated

    @property
    def on_the_way(self) -> int:
        return self.sent - self.heard

    def allowance(self, now: float) -> int:
        """How many may be sent now."""
        if self.stopped:
            return 0
        most = min(self.window - self.on_the_way, self.total - self.sent)
        if self.rate:
            self._began = now if self._began is None else self._began
            # what the first second may have is not saved up before it
            most = min(most, int((now - self._began) * self.rate) + 1 - self.sent)
        return max(0, most)

    def send(self, count: int) -> None:
        self.sent += count

    def hear(self, *, failed: bool) -> None:
        self.heard += 1
        self.failed += failed
        self._well = 0 if failed else self._well + 1
        if self._well >= self.window:
            self.window, self._well = min(self.window * 2, self.most), 0
