"""The outbox cursor: which transactions have been read, and how far into the next ones we are.

A Postgres snapshot says which transactions had ended at a moment. Two of them make a *window*: the
transactions that ended between `old` and `new`. Its rows are read in `position` order; when it is
exhausted, `new` becomes `old`. A row lock taken before the insert orders the rows of one key:
within a window by position, across windows because the later writer could only end later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from backbone.errors import Fatal


@dataclass(frozen=True, slots=True)
class Identity:
    """Which database this is. It differs after a restore (system) and after a failover (timeline).

    Transaction ids and positions mean nothing in another one.
    """

    system: str
    timeline: int

    def __str__(self) -> str:
        return f"{self.system} timeline {self.timeline}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A pg_snapshot: every transaction below `xmax` had ended, but for those `running`."""

    xmax: int
    running: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read Postgres' own text, "xmin:xmax:running,…". Raises ValueError."""
        _, xmax, running = text.split(":")
        return cls(int(xmax), tuple(int(xid) for xid in running.split(",") if running))

    def __str__(self) -> str:
        xmin = self.running[0] if self.running else self.xmax
        return f"{xmin}:{self.xmax}:{','.join(map(str, self.running))}"

    def lowered(self, xmax: int) -> Self:
        """Count every transaction from `xmax` on as not yet ended."""
        limit = min(self.xmax, xmax)
        return replace(self, xmax=limit, running=tuple(x for x in self.running if x < limit))

    def meet(self, other: "Snapshot") -> Self:
        """Count as ended only what both saw ended."""
        running = tuple(sorted({*self.running, *other.running}))
        return replace(self, running=running).lowered(other.xmax)


NOTHING = Snapshot(1)  # ids start at 3: no transaction had ended


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look at the database shows. `stray_rows`: rows of transactions it never ran."""

    identity: Identity
    now: Snapshot
    stray_rows: bool = False


@dataclass(frozen=True, slots=True)
class OutboxCursor:
    """Where the relay is: everything ended in `old`, and up to `position` what ended in `new`.

    At rest `new` equals `old`, and the next poll opens a window up to its own moment. `highest` is
    the largest transaction id read from the open window.
    """

    identity: Identity
    old: Snapshot = NOTHING
    new: Snapshot = NOTHING
    position: int = 0
    highest: int = 0

    @property
    def resting(self) -> bool:
        return self.old == self.new

    @property
    def ended(self) -> tuple[int, ...]:
        """The transactions that ran in `old` and no longer in `new`."""
        return tuple(xid for xid in self.old.running if xid not in self.new.running)

    def opened(self, now: Snapshot) -> Self:
        """Open a window to read from when resting, else go on with the one already open.

        The open one keeps only what is ended *now* as well. Postgres gives out again the id of a
        transaction that rolled back shortly before a crash; the new owner of such an id has not
        ended, whatever an older snapshot says.
        """
        return replace(self, new=now if self.resting else self.new.meet(now))

    def advanced(self, position: int, highest: int) -> Self:
        return replace(self, position=position, highest=max(self.highest, highest))

    def closed(self) -> Self:
        """Come to rest behind the open window, which gave its last row.

        `old` goes up to the highest id *read*, not to the end of the snapshot. Nothing lies between
        (every visible row was read), and only a committed id is on disk: the ids above may be given
        out again after a crash, and counted as ended their rows would never be read (tried).
        """
        old = self.new.lowered(max(self.old.xmax, self.highest + 1))
        return replace(self, old=old, new=old, position=0, highest=0)

    def to_json(self) -> dict[str, Any]:
        return {
            "system": self.identity.system,
            "timeline": self.identity.timeline,
            "old": str(self.old),
            "new": str(self.new),
            "position": self.position,
            "highest": self.highest,
        }

    @classmethod
    def from_json(cls, cursor: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave. Raises Fatal when it is not an outbox cursor."""
        try:
            return cls(
                identity=Identity(str(cursor["system"]), int(cursor["timeline"])),
                old=Snapshot.parse(cursor["old"]),
                new=Snapshot.parse(cursor["new"]),
                position=int(cursor["position"]),
                highest=int(cursor["highest"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Fatal(
                f"this is not the cursor of an outbox ({type(error).__name__}: {error}); another "
                "kind of source has used its name, so give the source a name of its own"
            ) from error
