"""The plan of a source's rejects, and the repair file that mends them."""

import csv
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import typer

from backbone.codec.codec import Codec
from backbone.dead_letter_causes import Cause
from backbone.errors import Misconfigured, Poison
from backbone.fact import Fact
from backbone.replay.parked import Parked
from backbone.replay.plan import Planned, Verdict
from backbone.replay.rejects import Mends, Rejected, of_letter
from cli import wiring

WHERE = "where"

Repair = Mapping[str, str]


def planned(name: str, parked: Sequence[Parked], repairs: Path | None) -> list[Planned]:
    """What the source would make of each reject, mended as the file says."""
    mended = read(repairs) if repairs is not None else {}
    unused = len(mended.keys() - {each.letter.where for each in parked})
    if unused:
        sys.stderr.write(f"{repairs}: {unused} of {len(mended)} rows name no open reject\n")
    with closing(wiring.source(name)) as source:
        if not isinstance(source, Mends):
            raise Misconfigured(f"the rejects of {name} cannot be mended here: publish anew there")
        codec = wiring.codec()
        codec.check(source.facts)
        return [_planned(source, codec, each, mended.get(each.letter.where, {})) for each in parked]


def read(path: Path) -> dict[str, Repair]:
    """By where the input stood: the fields to replace. An empty cell leaves what was there."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, strict=True)
        if WHERE not in (rows.fieldnames or ()):
            raise typer.BadParameter(f"{path}: its first line must name {WHERE} and the fields")
        lines = [(rows.line_num, row) for row in rows]
    found: dict[str, Repair] = {}
    for line, row in lines:
        where = row.pop(WHERE)
        if None in row or where in found:
            raise typer.BadParameter(f"{path}:{line}: too many cells, or named twice")
        found[where] = {name: text for name, text in row.items() if text}
    return found


def _planned(source: Mends, codec: Codec, parked: Parked, repair: Repair) -> Planned:
    letter = parked.letter
    if letter.truncated:
        return Planned(parked, Verdict.NOT_REPLAYABLE, "only its head was kept")
    if letter.source_position is None:
        return Planned(parked, Verdict.NOT_REPLAYABLE, "no header tells where it stood")
    poison = _poison(source, codec, of_letter(letter, repair))
    if poison is not None:
        what = Cause.of(poison, letter.fact_type, None).detail
        return Planned(parked, Verdict.WOULD_FAIL, str(poison.reason), what)
    return Planned(parked, Verdict.WOULD_PASS, repair=repair)


def _poison(source: Mends, codec: Codec, rejected: Rejected) -> Poison | None:
    made = source.mend(rejected)
    if not isinstance(made, Fact):
        return made.poison
    try:
        codec.encode(made)
    except Poison as poison:
        return poison
    return None
