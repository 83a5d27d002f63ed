"""OutboxRows: the rows of a page, column by column, as Postgres gives them in one answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Self, overload

from backbone.instants import rfc3339
from producers.outbox.row import POSITION_DIGITS, OutboxRow


@dataclass(frozen=True, slots=True)
class OutboxRows(Sequence[OutboxRow]):
    """Columns, because thousands of rows are turned into facts at once; a row is made of them when
    it is asked for. `sequences` are positions of 20 digits, `times` RFC 3339 with six digits in
    UTC, None where Python has no such instant. In position order."""

    sequences: Sequence[str]
    tx_ids: Sequence[str]
    ids: Sequence[str]
    aggregateids: Sequence[str]
    types: Sequence[str]
    payloads: Sequence[str]
    headers: Sequence[str | None]
    times: Sequence[str | None]

    @classmethod
    def of(cls, rows: Sequence[OutboxRow]) -> Self:
        """What was read row by row."""
        return cls(
            [f"{each.position:0{POSITION_DIGITS}d}" for each in rows],
            [str(each.tx_id) for each in rows],
            [each.id for each in rows],
            [each.aggregateid for each in rows],
            [each.type for each in rows],
            [each.payload for each in rows],
            [each.headers for each in rows],
            [_said(each.occurred_at) for each in rows],
        )

    def __len__(self) -> int:
        return len(self.sequences)

    @overload
    def __getitem__(self, index: int) -> OutboxRow: ...
    @overload
    def __getitem__(self, index: slice) -> "OutboxRows": ...
    def __getitem__(self, index: int | slice) -> "OutboxRow | OutboxRows":
        if isinstance(index, slice):
            return OutboxRows(*(getattr(self, each.name)[index] for each in fields(self)))
        time = self.times[index]
        return OutboxRow(
            int(self.sequences[index]),
            int(self.tx_ids[index]),
            self.ids[index],
            self.aggregateids[index],
            self.types[index],
            self.payloads[index],
            self.headers[index],
            None if time is None else datetime.fromisoformat(time),
        )

    def __iter__(self) -> Iterator[OutboxRow]:
        return (self[index] for index in range(len(self)))

    @property
    def sizes(self) -> Sequence[int]:
        """Per row the bytes of what an application may make large."""
        sizes = [*map(len, map(str.encode, self.payloads))]
        if not any(self.headers):
            return sizes
        more = [len((each or "").encode()) for each in self.headers]
        return [*map(sum, zip(sizes, more, strict=True))]

    @property
    def last_position(self) -> int:
        return int(self.sequences[-1])

    @property
    def newest_transaction(self) -> int:
        return max(map(int, {*self.tx_ids}))


def _said(time: datetime | None) -> str | None:
    return None if time is None else rfc3339(time.astimezone(UTC))
