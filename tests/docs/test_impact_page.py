"""The page on impact says of each kind of change what the program says."""

from pathlib import Path

from backbone.impact.effects import EFFECTS
from backbone.impact.reader import Channel

PAGE = Path(__file__).parents[2] / "docs" / "impact.md"


def row(kind: str) -> str:
    cells = [kind.replace("_", " ")]
    for channel in Channel:
        here, inside = (EFFECTS[kind].on(channel, path)[0] for path in ("a", "a.b"))
        told = "" if here == "safe" else str(here)
        cells.append(told if here == inside else f"{told}; {inside} inside of a record")
    return f"| {' | '.join([*cells, EFFECTS[kind].instead])} |".replace("|  |", "| |")


def test_the_table_of_kinds_is_that_of_the_program() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    told = {line.replace("|  |", "| |") for line in lines}
    wanted = [row(kind) for kind, effects in EFFECTS.items() if effects.by]
    missing = [each for each in wanted if each.replace("|  |", "| |") not in told]

    assert not missing, "\n".join(missing)
