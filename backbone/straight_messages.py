"""From a source's row to its message without a Fact in between, for the rows that nearly all are.

Like all straight code (backbone/contracts/straight.py) it takes the ordinary case only: for what
is wrong, or out of the ordinary, it gives None, and the SourceRunner makes the fact and decides.
tests/unit/test_straight_messages.py holds that both give the same message.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from backbone.contracts.catalog import Contracts
from backbone.contracts.straight import Straight
from backbone.envelope import SPEC_VERSION
from backbone.instants import rfc3339
from backbone.log import Message
from backbone.record import Header
from backbone.source import Draft

# More than headers and framing ever take: a record that is near its topic's limit is weighed by
# the SourceRunner.
_ROOM = 16 * 1024
# Of an instant with all its six digits. Straight code reads no other writing of that length, so it
# need not be written anew.
_RFC3339_CHARS = len("2011-10-04T10:00:00.000000Z")


class Writers(Protocol):
    """The codec, as far as straight messages need it."""

    def straight(self, type_name: str, wanted: Sequence[str]) -> Straight | None: ...


class _Lane(NamedTuple):
    """What all drafts of one type share."""

    topic: str
    owner: str
    key_field: str
    write: Straight
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
        self._lanes: dict[tuple[str, str | None], _Lane | None] = {}

    def message(self, draft: Draft) -> Message | None:
        """None where the fact must be made."""
        which = draft.type, draft.time_field
        if which not in self._lanes:
            self._lanes[which] = self._lane(draft)
        lane = self._lanes[which]
        if lane is None or draft.source != lane.owner or draft.key_field != lane.key_field:
            return None
        try:
            return _written(lane, draft)
        except Exception:  # noqa: BLE001 - whatever it was, making the fact names it
            return None

    def _lane(self, draft: Draft) -> _Lane | None:
        contract = self._contracts[draft.type]
        wanted = (contract.key, draft.time_field or contract.key)
        write = self._writers.straight(draft.type, wanted)
        if write is None:
            return None
        return _Lane(
            contract.topic,
            contract.system_of_record,
            contract.key,
            write,
            self._max_bytes[contract.topic] - _ROOM,
            ("ce_specversion", SPEC_VERSION),
            ("ce_source", contract.system_of_record.encode()),
            ("ce_type", contract.ce_type.encode()),
        )


def _written(lane: _Lane, draft: Draft) -> Message | None:
    topic, _, _, write, most_bytes, version, source, name = lane
    found = write(draft.fields)
    if found is None:
        return None
    value, key, time = found
    if key != draft.key or not key or type(key) is not str or len(value) > most_bytes:
        return None
    if draft.time is not None:
        said = rfc3339(draft.time)
    elif type(time) is datetime and draft.time_field is not None:
        said = draft.fields[draft.time_field]
        if len(said) != _RFC3339_CHARS:
            said = rfc3339(time)
    else:
        return None
    headers = [
        version,
        ("ce_id", draft.id.encode()),
        source,
        name,
        ("ce_time", said.encode()),
        ("ce_sequence", draft.sequence.encode()),
        *draft.context,
    ]
    return Message(topic, key.encode(), value, headers)
