"""Trying facts again that a view has passed: what else can be said of one that changes nothing."""

from dataclasses import replace

from backbone.record import Outcome, Outcomes, RecordBatch
from processors.folding import PartsComing
from processors.stored import Stored, Versions


def tell_already_applied(
    batch: RecordBatch, parts: PartsComing, stored: Stored, outcomes: Outcomes
) -> None:
    """Of those that were superseded, set apart the ones by whom: the entry was made from the very
    record. Raises Transient."""
    if not outcomes.count(Outcome.SUPERSEDED):
        return
    places = [at for at, code in enumerate(outcomes.codes) if code == Outcome.SUPERSEDED]
    # what a strict view passes over may have no readable key
    keys = {place: (batch.keys[place] or b"").decode(errors="replace") for place in places}
    # what is remembered was so before these parts
    after = replace(stored, coming=[*stored.coming, *parts()], remembered=Versions())
    found = after.versions(list(keys.values()))
    for place, key in keys.items():
        version = found[key]
        # no two records of a partition have one offset
        if version is not None and version[1] == batch.offsets[place]:
            outcomes.set(place, Outcome.ALREADY_APPLIED)
