"""`backbone dlq`: what could not be handled, and why."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Any

import typer

from backbone.dead_letters import topic_of
from backbone.errors import Misconfigured, PoisonReason
from cli import dlq_replay, wiring
from cli.dead_letter_rows import Row, Viewer, summary
from cli.dlq_selection import Topics, check_exists, dead_topics
from cli.output import Format, Output, show

app = typer.Typer(no_args_is_help=True, help="What could not be handled, why, and trying again.")
app.command("causes")(dlq_replay.causes)
app.command("plan")(dlq_replay.plan)
app.command("run")(dlq_replay.run)
app.command("again")(dlq_replay.again)
app.command("report")(dlq_replay.report)

_SUMMARY = ("name", "count", "open", "newest", "codes")
_LETTERS = ("letter", "where", "code", "message", "key", "failed_at")

Name = Annotated[str, typer.Argument(help="The source or processor, as in `backbone list`.")]


@app.command("list")
def show_list(
    name: Annotated[
        str | None, typer.Argument(help="The source or processor; without it: a summary of all.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, from the newest back.")] = 50,
    code: Annotated[PoisonReason | None, typer.Option(help="Only this reason.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """List dead letters, the newest last; without a name, how many there are and why.

    `count` is every letter that is kept, also of what was replayed since; `open` is the messages
    whose newest letter was not settled by a replay (`report` says in which state they are).

    Example: backbone dlq list price-list --code invalid
    """
    if name is None:
        show([_as_shown(row, output) for row in _summaries()], _SUMMARY, output)
        return
    check_exists(name)
    viewer = Viewer(wiring.contracts(), wiring.reading_codec())
    with closing(wiring.reader()) as reader:
        rows = viewer.listed(reader.scan(topic_of(name)), limit, code)
    show(rows, _LETTERS, output)


@app.command("show")
def show_one(
    name: Name,
    letter: Annotated[str, typer.Argument(help="PARTITION/OFFSET, as `list` shows it.")],
    output: Output = Format.TABLE,
) -> None:
    """Show one dead letter: why, its headers, and its payload with personal data masked.

    Example: backbone dlq show price-list 0/17
    """
    partition, offset = _place(letter)
    check_exists(name)
    topic = topic_of(name)
    ends = wiring.topic_admin().ends(topic)
    viewer = Viewer(wiring.contracts(), wiring.reading_codec())
    with closing(wiring.reader()) as reader:
        # from the others' ends: nothing is read of them
        found = next(iter(reader.scan(topic, {**ends, partition: offset})), None)
    if found is None or (found.position.partition, found.position.offset) != (partition, offset):
        raise Misconfigured(
            f"{topic} holds no letter {letter}: it expired, or never was one. "
            f"`backbone dlq list {name}` shows those it holds."
        )
    row = viewer.shown(found)
    show([row] if output is Format.JSON else list(_lines(row)), ("field", "value"), output)


def _summaries() -> Iterator[Row]:
    with closing(wiring.reader()) as reader:
        for topic in dead_topics():
            name = topic.removeprefix(topic_of(""))
            topics = Topics(name, reader)
            yield summary(name, topics.letters(), topics.settled)


def _place(letter: str) -> tuple[int, int]:
    partition, slash, offset = letter.partition("/")
    if not (slash and _is_number(partition) and _is_number(offset)):
        raise typer.BadParameter("give PARTITION/OFFSET, such as 0/17")
    return int(partition), int(offset)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _as_shown(row: Row, output: Format) -> Row:
    if output is Format.JSON:
        return row
    return {**row, "codes": ", ".join(f"{code} {count}" for code, count in row["codes"].items())}


def _lines(row: Row) -> Iterator[dict[str, Any]]:
    """One letter as lines of a table: a field each, headers and payload member by member."""
    for name, value in row.items():
        if not isinstance(value, dict):
            yield {"field": name, "value": value}
            continue
        for member, text in value.items():
            # escaped where it could steer the terminal
            plain = isinstance(text, str) and text.isprintable()
            shown = text if plain else json.dumps(text, default=str)
            yield {"field": f"{name}.{member}", "value": shown}
