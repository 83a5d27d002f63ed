"""The interval of `backbone ledger` as it was asked for, and as offsets of a topic."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from backbone.ledger.interval import Bounds, Stretch
from backbone.log import TopicAdmin


@dataclass(frozen=True, slots=True)
class Asked:
    """Times in ms since 1970, or offsets of the partitions of one topic."""

    from_ms: int | None = None
    to_ms: int | None = None
    from_offset: int | None = None
    to_offset: int | None = None

    @classmethod
    def of(cls, begin: str | None, end: str | None, topics: Sequence[str]) -> "Asked":
        """Raises typer.BadParameter."""
        offsets = [int(each) if each and each.isdigit() else None for each in (begin, end)]
        if any(each is not None for each in offsets) and len(topics) != 1:
            raise typer.BadParameter("offsets are those of one topic: name it with --topic")
        times = [
            _ms(each) if each and offset is None else None
            for each, offset in zip((begin, end), offsets, strict=True)
        ]
        return cls(times[0], times[1], offsets[0], offsets[1])

    @property
    def by_offset(self) -> bool:
        return self.from_offset is not None or self.to_offset is not None

    @property
    def whole(self) -> bool:
        """Whether it begins with the first record."""
        return self.from_ms is None and self.from_offset is None

    def bounds(self) -> Bounds:
        now = time.time_ns() // 1_000_000
        # a broker's clock may run ahead: what it has published by now is within
        return Bounds(self.from_ms, now + 60_000 if self.to_ms is None else self.to_ms)

    def stretches(self, admin: TopicAdmin, topic: str) -> Mapping[int, Stretch]:
        starts, ends = admin.starts(topic), admin.ends(topic)
        first = starts if self.from_ms is None else admin.offsets_at(topic, self.from_ms)
        until = ends if self.to_ms is None else admin.offsets_at(topic, self.to_ms)
        return {
            partition: Stretch(
                max(first[partition], starts[partition], self.from_offset or 0),
                min(until[partition], end, end if self.to_offset is None else self.to_offset),
                starts[partition],
            )
            for partition, end in ends.items()
        }


def _ms(text: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text} is neither a time, such as 2026-11-21T15:00:00Z, nor an offset"
        ) from None
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)
