"""`backbone dlq causes|plan|run|report`: from many dead letters to their causes, and back again."""

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

import backbone
from backbone.dead_letter_reading import DeadLetter
from backbone.instants import rfc3339
from backbone.replay.causes import Group, by_cause
from backbone.replay.parked import State, balance, by_message, is_open, without_payload
from backbone.replay.plan import Planned, totals
from cli import replaying, wiring
from cli.dead_letter_rows import Row, Viewer
from cli.dlq_options import During, Name, Pace, Repairs, Which, flat
from cli.dlq_selection import Filter, Topics, open_topics
from cli.output import Format, Output, show
from cli.problems import PARTIAL

_CAUSES = ("cause", "count", "open", "share", "code", "what", "first", "last", "example")
_PLAN = ("verdict", "why", "count", "what")
_LETTERS = ("letter", "where", "key", "verdict", "why", "cause")


@flat
def causes(name: Name, during: During, output: Output = Format.TABLE) -> None:
    """Group dead letters by what caused them, the most frequent cause first.

    `count` is every letter that is kept, `open` the messages whose newest letter is among them and
    was not settled by a replay.

    Example: backbone dlq causes prices
    """
    chosen = Filter(since=during.begin(), until=during.end())
    with closing(wiring.reader()) as reader:
        topics = open_topics(name, reader)
        groups = by_cause(topics.letters(), topics.settled, chosen.takes)
    show([*_cause_rows(groups)], _CAUSES, output)


@flat
def plan(
    name: Name,
    which: Which,
    repairs: Repairs = None,
    letters: Annotated[
        bool, typer.Option("--letters", help="A line for each message, not for each verdict.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Show what would become of each message if it were replayed now; changes nothing.

    The code of this command is run on the parked bytes, not that of the running worker: whether a
    fix is right shows before it is tried. stderr says where that code is.

    Example: backbone dlq plan prices --code handler_failed
    """
    with closing(wiring.reader()) as reader:
        found = replaying.planned(name, open_topics(name, reader), which.filter(), repairs)
    sys.stderr.write(f"planned with the code in {Path(backbone.__file__).parent.parent}\n")
    if not found:
        replaying.say(name, found)
    if letters:
        viewer = Viewer(wiring.contracts(), wiring.reading_codec())
        show([_planned_row(viewer, each) for each in found], _LETTERS, output)
    else:
        show(_total_rows(found), _PLAN, output)


@flat
def run(
    name: Name,
    which: Which,
    pace: Pace,
    repairs: Repairs = None,
    also_failing: Annotated[
        bool, typer.Option("--also-failing", help="Replay also what the plan says would fail.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Replay messages through their owner alone; the plan is made first.

    The first few go alone, one of each cause among them; then more and more, but never more than
    one in a hundred without an answer. It stops at the first that fails again. Interrupted or
    stopped, the same command goes on: what is settled is left out, and replaying twice changes
    nothing. Exit code 3 when something is left.

    Example: backbone dlq run prices --cause 4f1c --rate 500
    """
    with closing(wiring.reader()) as reader:
        found = replaying.planned(name, open_topics(name, reader), which.filter(), repairs)
    replaying.say(name, found)
    _end(replaying.replay(name, found, pace, also_failing=also_failing), output)


@flat
def again(
    name: Name,
    topic: Annotated[str, typer.Option("--from", help="The fact topic that the processor reads.")],
    during: During,
    pace: Pace,
    offsets: Annotated[
        list[str] | None, typer.Option(help="PARTITION/FIRST-LAST; may be given several times.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Give a range of a fact topic to one view or sink again, whether it failed there or not.

    What an entry was made from, or is newer than, changes nothing, nor does a row that is there.
    Ramp, rate and stop are those of `run`.

    Example: backbone dlq again prices --from pricing.price.v1 --offsets 0/100-250
    """
    wanted = replaying.Range(topic, offsets or [], during.begin(), during.end())
    _end(replaying.replay_range(name, wanted, pace), output)


def _end(done: replaying.Done, output: Format) -> None:
    show([done.row()], list(done.row()), output)
    if not done.whole:
        sys.stderr.write(f"backbone: {done.remedy()}\n")
        raise typer.Exit(PARTIAL)


def report(name: Name, output: Output = Format.TABLE) -> None:
    """Show the final state of every message, and whether the sums balance with the topic.

    Exit code 3 while messages are left, 1 when the sums do not balance.

    Example: backbone dlq report prices
    """
    with closing(wiring.reader()) as reader:
        topics = open_topics(name, reader)
        found = _Counted()
        parked = by_message(found.count(topics))
        states = {each.place: topics.state(each) for each in parked}
    made = balance(found.letters, states, parked)
    rows = [{"state": str(state), "messages": count} for state, count in made.states.items()]
    rows += [
        {"state": "messages", "messages": made.messages},
        {"state": "further letters of the same messages", "messages": made.repeated},
        {"state": "letters in the topic", "messages": made.letters},
        {"state": "balances", "messages": "yes" if made.holds else "NO"},
    ]
    show(rows, ("state", "messages"), output)
    if not made.holds:
        raise typer.Exit(1)
    if any(made.states[each] for each in State if is_open(each)):
        raise typer.Exit(PARTIAL)


@dataclass(slots=True)
class _Counted:
    """Counts the letters as they are read, apart from what is made of them."""

    letters: int = 0

    def count(self, topics: Topics) -> Iterator[DeadLetter]:
        for letter in topics.letters():
            self.letters += 1
            yield without_payload(letter)


def _cause_rows(groups: list[Group]) -> Iterator[Row]:
    total = sum(each.count for each in groups)
    for each in groups:
        schema = f"schema {each.cause.schema_id}" if each.cause.schema_id else None
        about = (each.cause.fact_type, schema)
        yield {
            "cause": each.fingerprint,
            "count": each.count,
            "open": each.open,
            "share": f"{each.count / total:.1%}",
            "code": each.cause.code,
            "what": ", ".join(filter(None, (*about, each.cause.detail))),
            "first": rfc3339(each.first),
            "last": rfc3339(each.last),
            "example": f"{each.example.partition}/{each.example.offset}",
        }


def _total_rows(found: list[Planned]) -> list[Row]:
    counts = sorted(totals(found).items(), key=lambda each: -each[1])
    return [
        {"verdict": str(verdict), "why": why, "count": count, "what": what}
        for (verdict, why, what), count in counts
    ]


def _planned_row(viewer: Viewer, each: Planned) -> Row:
    letter = each.parked.letter
    row = viewer.row(letter)
    return {
        "letter": row["letter"],
        "where": row["where"],
        "key": row["key"],
        "verdict": str(each.verdict),
        "why": each.why,
        "cause": letter.fingerprint,
    }
