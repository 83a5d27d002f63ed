"""Views: every fact of the interval is applied, superseded, dead-lettered, held or still to come.

In short: by the offset that the view keeps beside its entries, below which everything was handled.
`backbone.ledger.view_entries` looks at the entries themselves.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backbone.ledger.line import Line, Wrong
from backbone.ledger.topic_scan import TopicScan
from backbone.views.store import Status

HANDLED = "topic → view"


@dataclass(frozen=True, slots=True)
class ViewState:
    """A view as its store tells it, with the offsets of its dead letters by partition. `ends`: of
    the log, asked for after the statuses. `held`: the offsets of what a strict view holds."""

    name: str
    topic_id: str
    statuses: Sequence[Status | None]
    dead: Mapping[int, frozenset[int]]
    ends: Mapping[int, int]
    held: Mapping[int, frozenset[int]] = field(default_factory=dict)


def lines(topic: TopicScan, view: ViewState) -> list[Line]:
    return [_line(topic, view, partition) for partition in sorted(topic.stretches)]


def _line(topic: TopicScan, view: ViewState, partition: int) -> Line:
    status = view.statuses[partition] if partition < len(view.statuses) else None
    reached = status.offset if status else 0
    stretch = topic.stretches[partition]
    expected = topic.count(partition)
    below = topic.count(partition, reached)
    dead = {each for each in view.dead.get(partition, ()) if each in stretch and each < reached}
    wrong, known = Wrong(), 0
    for offset in sorted(dead):
        if _stands(topic, partition, offset):
            known += 1
        else:
            wrong.unknown.add(f"{topic.topic}/{partition}/{offset}")
    # a log that ends before the view does has lost its tail
    wrong.unknown.count += max(0, reached - view.ends.get(partition, 0))
    parts = {
        "applied or superseded": below - known,
        "dead-lettered": known,
        "to come": expected - below,
    }
    held = {each for each in view.held.get(partition, ()) if _stands(topic, partition, each)} - dead
    if held:
        parts["held"] = len(held)
        parts["applied or superseded"] -= len(held)
    where = f"{topic.topic}/{partition}"
    note = _note(view, status)
    return Line(HANDLED, view.name, where, expected, parts, wrong, note)


def _note(view: ViewState, status: Status | None) -> str:
    if status is None:
        return "not built yet"
    if status.topic_id != view.topic_id:
        return "built from a topic that was made again since: docs/recreated-topic.md"
    if status.rebuilding:
        return "being built again"
    return ""


def _stands(topic: TopicScan, partition: int, offset: int) -> bool:
    for (number, _), offsets in topic.offsets.items():
        at = bisect_left(offsets, offset)
        if number == partition and at < len(offsets) and offsets[at] == offset:
            return True
    return False
