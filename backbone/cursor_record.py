"""CursorRecord: where a source stands, and what became of all it gave, as its topic holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from backbone.replay.mending import Retried
from backbone.source import Cursor


@dataclass(frozen=True, slots=True)
class CursorRecord:
    """What stands in `cursor.<source>`: the cursor, and totals up to it. Mended rejects are facts
    beside the published ones. `facts`: published by topic; None where that was not counted."""

    cursor: Cursor
    read: int
    published: int
    rejected: int
    retried: Retried = field(default_factory=Retried)
    facts: Mapping[str, int] | None = None

    def to_bytes(self) -> bytes:
        return orjson.dumps(
            {
                "cursor": self.cursor,
                "read": self.read,
                "published": self.published,
                "rejected": self.rejected,
                "facts": self.facts,
                "retried": self.retried,
                "at": datetime.now(UTC).isoformat(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "CursorRecord":
        found: Mapping[str, Any] = orjson.loads(data)
        retried = Retried(**found.get("retried", {}))
        totals = (found["read"], found["published"], found["rejected"])
        return cls(found["cursor"], *totals, retried, found.get("facts"))


NOTHING = CursorRecord({}, 0, 0, 0)
