"""What differs from versions before the last one, and no registry sees: another meaning of the same
bytes, of facts that are still in the log."""

import json
from collections.abc import Sequence
from dataclasses import replace

from backbone.impact.change import Change
from backbone.impact.changes import field_changes
from backbone.impact.outline import Node, Outline, outline
from backbone.impact.revision import Revision

_OF_MEANING = frozenset(
    {"scale_changed", "precision_raised", "precision_lowered", "logical_changed"}
)


def past_changes(versions: Sequence[str], old: Revision, new: Revision) -> list[Change]:
    """Of fields that `old` does not have any more, or has otherwise; not what it has as it is."""
    outlines = [outline(json.loads(text)) for text in versions if text != old.text]
    latest = field_changes(old.outline, new.outline)
    places = {(each.kind, each.path) for each in latest}
    found = [
        each
        for past in outlines
        for each in field_changes(*_told_by_meaning(past, new.outline))
        if each.kind in _OF_MEANING
        and (each.path not in old.outline or (each.kind, each.path) in places)
    ]
    defaults = [
        replace(each, kind="past_default_changed")
        for each in latest
        if each.kind == "default_changed" and any(each.path not in past for past in outlines)
    ]
    return [each for each in dict.fromkeys([*found, *defaults]) if each not in latest]


def _told_by_meaning(past: Outline, now: Outline) -> tuple[Outline, Outline]:
    """Only the fields of both that mean something else: there are few."""
    paths = [
        path
        for path, node in now.items()
        if path in past and _meaning(past[path]) != _meaning(node)
    ]
    return {path: past[path] for path in paths}, {path: now[path] for path in paths}


def _meaning(node: Node) -> tuple[str, int, int]:
    return node.logical, node.precision, node.scale
