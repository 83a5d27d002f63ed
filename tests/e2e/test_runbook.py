"""docs/dead-letters.md, performed: its commands in their order, and what they print."""

import re
import shlex
from pathlib import Path

import pytest

from backbone.settings import REPOSITORY
from tests.e2e.travel import SECRET, Travel
from tests.e2e.world import World

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis]

PAGE = REPOSITORY / "docs" / "dead-letters.md"
LETTERS = 300
# what differs from run to run: instants, ids, fingerprints, places, lines of a file that changes
_CHANGING = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+Z|\b[0-9a-f]{12}\b|(?<=line )\d+|(?<=schema )\d+|\b0/\d+\b"
    r"|[0-9a-f]{8}-[0-9a-f-]{27}|\b\d{13}\b|[\w-]{22}(?=\s*$)|booking\.v1/\d/\d+|\bb\d{4}\b"
)
_CAUSE = re.compile(r"^([0-9a-f]{12})\b.*raised (\w+) .* (0/\d+)\s*$", re.MULTILINE)


def transcript() -> list[tuple[str, str]]:
    """Commands of the page's first section with what they print, in their order."""
    text = PAGE.read_text().split("## An incident")[1].split("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    steps = [re.split(r"\n", each.strip(), maxsplit=1) for each in "".join(blocks).split("$ ")[1:]]
    return [(step[0], step[1] if len(step) > 1 else "") for step in steps]


def renamed(page: str, said: str) -> dict[str, str]:
    """What the page calls a cause and its example, and what they are called here."""
    here = {error: names for *names, error in _causes(said)}
    return {
        there: now
        for *names, error in _causes(page)
        for there, now in zip(names, here[error], strict=True)
    }


def _causes(text: str) -> list[tuple[str, str, str]]:
    return [(cause, example, error) for cause, error, example in _CAUSE.findall(text)]


def plain(text: str) -> list[str]:
    """Without what changes; `…` on a line of the page stands for lines left out."""
    return [
        " ".join(_CHANGING.sub("~", line).split()) for line in text.splitlines() if line.strip()
    ]


def test_the_cause_is_found_and_replayed_with_the_page_alone(world: World, tmp_path: Path) -> None:
    travel = Travel.ready(world, tmp_path)
    expected = travel.incident(LETTERS)
    worker = travel.start("")
    world.wait(lambda: travel.dead() == LETTERS, "every change is parked")
    known: dict[str, str] = {}
    wrong = {}
    for command, printed in transcript():
        _, *arguments = shlex.split(command, comments=True)
        if arguments[:2] == ["run", "view"]:
            worker.stop()
            worker = travel.start("right")
            continue
        done = travel.run(*(known.get(each, each) for each in arguments))
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert "Traceback" not in said
        assert SECRET not in said
        known |= renamed(printed, done.stdout)
        missing = [line for line in plain(printed) if line != "…" and line not in plain(said)]
        if missing:
            wrong[command] = (missing, said)
    assert wrong == {}
    assert travel.served() == expected
    assert worker.stop() == 0


def test_the_page_has_every_command_of_dead_letters() -> None:
    typed = {command.split()[2] for command, _ in transcript() if " dlq " in command}

    assert typed == {"list", "causes", "show", "plan", "run", "report"}
