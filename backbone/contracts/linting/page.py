"""A code's page, as docs/lint/ has it and `backbone contracts lint --explain` prints it."""

import json
from collections.abc import Mapping
from typing import Any

from backbone.contracts.linting.catalog import CODES
from backbone.contracts.linting.code import FILE, KEY, Changes, Example


def page(code: str) -> str:
    """In Markdown. Raises KeyError for a code that is none."""
    found = CODES[code]
    return "\n".join(
        [
            f"# {code}: {found.what}",
            "",
            found.reason,
            "",
            f"**What to do**: {found.remedy}.",
            "",
            "Not so:",
            "",
            *_shown(found.bad),
            "But so:",
            "",
            *_shown(found.good),
        ]
    )


def rows() -> str:
    """The table of all codes, in Markdown."""
    listed = [
        f"| [{code}](lint/{code}.md) | {each.what} | {each.remedy} |"
        for code, each in CODES.items()
    ]
    return "\n".join(["| code | what | remedy |", "|---|---|---|", *listed])


def _shown(example: Example) -> list[str]:
    lines = _block(example.file, example.changes)
    for file, changes in example.beside.items():
        lines += ["and beside it:", "", *_block(file, changes)]
    if example.before is not None:
        lines += ["where an earlier version was:", "", *_block(FILE, example.before)]
    return lines


def _block(file: str, changes: Changes) -> list[str]:
    shown = json.dumps(_members(changes), indent=2, ensure_ascii=False)
    return ["```json", f"// {file}", shown, "```", ""]


def _members(changes: Changes) -> Mapping[str, Any]:
    """What differs from a contract that is in order; its key stands in all of them."""
    if not changes:
        return {"name": "ThingHappened", "...": "..."}
    members = dict(changes)
    if "fields" in members and members["fields"] != [KEY]:
        members["fields"] = [each for each in members["fields"] if each != KEY]
    return members
