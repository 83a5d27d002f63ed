"""From a source's rows to their messages without a Fact in between, for those that nearly all are.

Like all straight code (backbone/contracts/straight.py) it takes the ordinary case only: for what
is wrong, or out of the ordinary, it gives None, and the SourceRunner makes the fact and decides.
tests/unit/test_straight_messages.py holds that both give the same message.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, repeat
from typing import Any, NamedTuple, Protocol

from backbone.contracts.catalog import Contracts
from backbone.contracts.shape import Leaf, Shape
from backbone.envelope import SPEC_VERSION
from backbone.instants import rfc3339
from backbone.log import Message
from backbone.record import Header
from backbone.source import Drafts

# More than headers and framing ever take: a record that is near its topic's limit is weighed by
# the SourceRunner.
_ROOM = 16 * 1024
# Of an instant with all its six digits. Straight code reads no other writing of that length, so it
# need not be written anew.
_RFC3339_CHARS = len("2011-10-04T10:00:00.000000Z")


class ColumnWriter(Protocol):
    """The payloads of a contract; see `backbone.codec.column_writer`."""

    def written(
        self, fields: Mapping[str, Sequence[str]] | Sequence[str], wanted: Sequence[str]
    ) -> tuple[Sequence[bytes | None], Sequence[Sequence[Any]]]:
        """A record's value per row, None where the walk must decide, and some fields' columns as
        they were given."""


class Writers(Protocol):
    """The codec, as far as straight messages need it."""

    def column_writer(self, type_name: str) -> ColumnWriter | None: ...


class _Lane(NamedTuple):
    """What all drafts of one type share."""

    topic: str
    owner: str
    key_field: str
    instants: frozenset[str]
    writer: ColumnWriter
    most_bytes: int
    version: Header
    source: Header
    type: Header


class StraightMessages:
    """`max_bytes` is the largest record of each topic."""

    def __init__(
        self, contracts: Contracts, writers: Writers, max_bytes: Mapping[str, int]
    ) -> None:
        self._contracts = contracts
        self._writers = writers
        self._max_bytes = max_bytes
        self._lanes: dict[str, _Lane | None] = {}

    def ready(self, types: Sequence[str]) -> None:
        """Make what takes long before the first facts wait for it."""
        for each in types:
            self._lanes[each] = self._lane(each)

    def messages(self, drafts: Sequence[Drafts], count: int) -> list[Message | None]:
        """A message for each of `count` inputs; None where the fact must be made."""
        found: list[Message | None] = [None] * count
        for each in drafts:
            for place, message in zip(each.places, self._of_one_type(each), strict=True):
                found[place] = message
        return found

    def _of_one_type(self, drafts: Drafts) -> Sequence[Message | None]:
        if drafts.type not in self._lanes:
            self._lanes[drafts.type] = self._lane(drafts.type)
        lane = self._lanes[drafts.type]
        if lane is None or not _fits(lane, drafts):
            return [None] * len(drafts.places)
        return _messages(lane, drafts)

    def _lane(self, type_name: str) -> _Lane | None:
        contract = self._contracts[type_name]
        writer = self._writers.column_writer(type_name)
        if writer is None:
            return None
        return _Lane(
            contract.topic,
            contract.system_of_record,
            contract.key,
            frozenset(each.name for each in contract.shape.fields if _is_instant(each.shape)),
            writer,
            self._max_bytes[contract.topic] - _ROOM,
            ("ce_specversion", SPEC_VERSION),
            ("ce_source", contract.system_of_record.encode()),
            ("ce_type", contract.ce_type.encode()),
        )


def _is_instant(shape: Shape) -> bool:
    return isinstance(shape, Leaf) and shape.logical == "timestamp-micros"


def _fits(lane: _Lane, drafts: Drafts) -> bool:
    timed = drafts.time_field is None or drafts.time_field in lane.instants
    return timed and drafts.source == lane.owner and drafts.key_field == lane.key_field


def _messages(lane: _Lane, drafts: Drafts) -> list[Message | None]:
    columns = (lane.key_field, drafts.time_field or lane.key_field)
    values, (keys, times) = lane.writer.written(drafts.fields, columns)
    said = _said(times if drafts.time_field else drafts.times, values)
    rows = zip(values, keys, drafts.keys, said, _headers(lane, drafts, said), strict=True)
    return [
        Message(lane.topic, key.encode(), value, headers)
        if value and time and key and key == given and len(value) <= lane.most_bytes
        else None
        for value, key, given, time, headers in rows
    ]


def _headers(lane: _Lane, drafts: Drafts, times: Sequence[bytes | None]) -> Iterator[list[Header]]:
    own = zip(
        repeat(lane.version),
        zip(repeat("ce_id"), map(str.encode, drafts.ids)),
        repeat(lane.source),
        repeat(lane.type),
        zip(repeat("ce_time"), times),
        zip(repeat("ce_sequence"), map(str.encode, drafts.sequences)),
    )
    if drafts.contexts is None:
        return map(list, own)
    return map(list, map(chain, own, drafts.contexts))


def _said(times: Sequence[Any], values: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Where there is a value its instant was read: it is text, and in order."""
    if None not in values and set(map(len, times)) == {_RFC3339_CHARS}:
        return list(map(str.encode, times))
    return [
        None if value is None or time is None else _anew(time)
        for value, time in zip(values, times, strict=True)
    ]


def _anew(time: str) -> bytes:
    if len(time) != _RFC3339_CHARS:
        time = rfc3339(datetime.fromisoformat(time))
    return time.encode()
