"""The documentation, held to the code: what it names exists, and what exists is in it."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
import typer
from typer.core import TyperGroup

from backbone import metrics
from backbone.settings import PREFIX, known_names
from cli.main import app
from cli.reference import reference
from gateway import answering  # noqa: F401 - its metrics are made when it is imported

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
REFERENCES = ("docs/cli.md", "docs/settings.md", "docs/metrics.md", "docs/value-domain.md")
# A backticked word that begins with one of these is a path of ours.
FOLDERS = (
    *("avro", "backbone", "producers", "processors", "consumers", "gateway", "cli", "helm"),
    *("ops", "docs", "examples", "bench", "tests", "requirements", "generated"),
)

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]+)*/?")
_ROOT_FILE = re.compile(r"Makefile|Dockerfile|[\w.-]+\.(?:md|toml|yml|yaml)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+\s+(.*?)\s*$", re.MULTILINE)


class Command(Protocol):
    help: str | None


def pages() -> list[Path]:
    top = [ROOT / name for name in PAGES if (ROOT / name).exists()]
    return [*top, *sorted((ROOT / "docs").rglob("*.md"))]


def paths_in(text: str) -> Iterator[str]:
    """Repository paths in backticks outside code blocks; `<name>` and `…` stand for others."""
    for code in dict.fromkeys(_CODE.findall(_FENCE.sub("", text))):
        ours = "/" in code and code.split("/")[0] in FOLDERS
        if _ROOT_FILE.fullmatch(code) or (ours and _PATH.fullmatch(code)):
            yield code


def missing_paths(page: Path, root: Path) -> Iterator[str]:
    for name in paths_in(page.read_text()):
        beside = "/" not in name and (page.parent / name).exists()
        if not beside and not any(root.glob(name.rstrip("/"))):
            yield f"{page.relative_to(root)} names `{name}`, which does not exist"


def broken_links(page: Path, root: Path) -> Iterator[str]:
    """Links to files of ours, and to headings in them."""
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            yield f"{page.relative_to(root)} links to {link}, which does not exist"
        elif anchor and anchor not in _anchors(target):
            yield f"{page.relative_to(root)} links to {link}, but no heading is called so"


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def undocumented(names: Iterable[str], text: str) -> list[str]:
    """Names that do not stand in the text as whole words."""
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]


def gone(prefix: str, names: Iterable[str], text: str) -> list[str]:
    """Words of the text that begin with the prefix and are no name any more."""
    return sorted(set(re.findall(rf"\b{prefix}\w*", text)) - set(names) - {prefix})


def commands(root: Command, name: str) -> dict[str, Command]:
    """Every command by what one types, groups left out."""
    if not isinstance(root, TyperGroup):
        return {name: root}
    return {
        path: command
        for sub, child in root.commands.items()
        for path, command in commands(child, f"{name} {sub}").items()
    }


def without_example(found: dict[str, Command]) -> list[str]:
    """Commands whose help says nothing, or shows no line that begins with the command itself."""
    return [
        path
        for path, command in found.items()
        if not re.search(rf"\S.*Example: {re.escape(path)}(\s|$)", command.help or "", re.DOTALL)
    ]


def metric_names() -> list[str]:
    """As they are scraped."""
    return [
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in metrics.REGISTRY.collect()
    ]


def read(name: str) -> str:
    path = ROOT / name
    assert path.exists(), f"{name} is missing"
    return path.read_text()


def our_commands() -> dict[str, Command]:
    return commands(typer.main.get_command(app), "backbone")


@pytest.mark.parametrize("name", [*PAGES, *REFERENCES])
def test_the_page_exists(name: str) -> None:
    assert read(name).startswith("# ")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_a_page_names_exists(page: Path) -> None:
    violations = [*missing_paths(page, ROOT), *broken_links(page, ROOT)]

    assert not violations, "\n".join(violations)


def test_every_command_is_documented() -> None:
    missing = undocumented(our_commands(), read("docs/cli.md"))

    assert not missing, f"docs/cli.md lacks {', '.join(missing)}"


def test_the_page_of_the_commands_is_as_make_docs_writes_it() -> None:
    assert read("docs/cli.md") == reference(app), "docs/cli.md is not current: run `make docs`"


def test_every_command_has_help_with_an_example() -> None:
    missing = without_example(our_commands())

    assert not missing, f"no help with `Example: <command>` in {', '.join(missing)}"


def test_every_command_of_the_pages_exists() -> None:
    """`backbone <noun> <verb>` in backticks, as far as it is words."""
    groups = {path.rpartition(" ")[0] for path in our_commands()} | set(our_commands())
    violations = [
        f"{page.relative_to(ROOT)} names `{typed}`"
        for page in pages()
        for typed in typed_commands(page.read_text())
        if not any(is_command(typed, known) for known in groups)
    ]

    assert not violations, "there is no such command: " + "; ".join(violations)


def typed_commands(text: str) -> list[str]:
    """The first words of what is typed in backticks and code blocks."""
    return re.findall(r"(?:^|`|\$ )(backbone(?: [a-z][a-z-]*)+)", text, re.MULTILINE)


def is_command(typed: str, known: str) -> bool:
    """What follows a command are arguments; a group may be named alone."""
    return typed == known or (known in our_commands() and typed.startswith(f"{known} "))


def test_every_setting_is_documented() -> None:
    text = read("docs/settings.md")

    assert undocumented(known_names(), text) == []
    assert gone(PREFIX, known_names(), text) == []


def test_every_metric_is_documented() -> None:
    text = read("docs/metrics.md")

    assert undocumented(metric_names(), text) == []
    assert gone("backbone_", metric_names(), text) == []


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "backbone").mkdir()
    (tmp_path / "backbone" / "fact.py").touch()
    (tmp_path / "docs" / "other.md").write_text("# One thing, and `another`\n")
    return tmp_path / "docs" / "page.md"


def test_a_path_that_is_gone_is_found(page: Path) -> None:
    page.write_text(
        "`backbone/fact.py`, `backbone/`, `backbone/*.py`, `other.md`, `avro/<domain>/`, `a/b`,\n"
        "```\n`backbone/code.py`\n```\n"
        "`backbone/gone.py`, `gone.md`, `docs/*.txt`, `ops/`\n"
    )

    assert list(missing_paths(page, page.parents[1])) == [
        "docs/page.md names `backbone/gone.py`, which does not exist",
        "docs/page.md names `gone.md`, which does not exist",
        "docs/page.md names `docs/*.txt`, which does not exist",
        "docs/page.md names `ops/`, which does not exist",
    ]


def test_a_broken_link_is_found(page: Path) -> None:
    page.write_text(
        "# Page\n[a](other.md) [b](other.md#one-thing-and-another) [c](https://x.y/z) [d](#page)\n"
        "[e](../backbone/fact.py) [f](gone.md) [g](other.md#two) [h](#gone)\n"
    )

    assert list(broken_links(page, page.parents[1])) == [
        "docs/page.md links to gone.md, which does not exist",
        "docs/page.md links to other.md#two, but no heading is called so",
        "docs/page.md links to #gone, but no heading is called so",
    ]


def test_a_name_is_found_as_a_whole_word_only() -> None:
    text = "`backbone dlq list-all` and X_ONE_MORE and X_TWO"

    assert undocumented(["backbone dlq", "backbone dlq list"], text) == ["backbone dlq list"]
    assert undocumented(["X_ONE", "X_TWO"], text) == ["X_ONE"]
    assert gone("X_", ["X_ONE", "X_TWO"], text) == ["X_ONE_MORE"]


def test_a_command_without_an_example_is_found() -> None:
    made = typer.Typer()
    sub = typer.Typer()
    made.add_typer(sub, name="sub")

    @made.command("good")
    def good() -> None:
        """Do it.

        Example: x good --fast
        """

    @sub.command("other")
    def other() -> None:
        """Do it.

        Example: x good
        """

    @sub.command("bare")
    def bare() -> None: ...

    found = commands(typer.main.get_command(made), "x")

    assert sorted(found) == ["x good", "x sub bare", "x sub other"]
    assert without_example(found) == ["x sub other", "x sub bare"]


def test_what_is_typed_is_found_in_text_and_in_code_blocks() -> None:
    text = "run `backbone dlq list x`\n```\n$ backbone stack up\nbackbone run x\n```\na backbone b"

    assert typed_commands(text) == [
        "backbone dlq list x",
        "backbone stack up",
        "backbone run x",
    ]
