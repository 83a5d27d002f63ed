"""`backbone explain`: one value walked through every hop, and the hop that disagrees named."""

import asyncio
import json
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Annotated, Any

import typer

from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import topic_of
from backbone.explain.evidence import Evidence, Fold, Hop
from backbone.explain.gathering import Subject, Witnesses, gather
from backbone.explain.judging import Judgement, Verdict, judge
from backbone.explain.showing import Row, Shown, sentence
from backbone.explain.warehouse_rows import WarehouseRows
from backbone.fact import Fact, LogPosition
from backbone.log import Reader
from backbone.recorded_fact import Decoder
from backbone.views.store import Answer, Entry
from cli import wiring
from cli.held_facts import held_facts
from cli.output import Format, Output, show
from cli.problems import FAILED, PARTIAL, pick
from cli.source_lookups import by_fact_type, source_lookups
from cli.warehouse_reading import warehouse_reader
from consumers.catalog import SINKS
from processors.catalog import VIEWS
from processors.refold import refold
from processors.view import LatestByKey, View
from producers.catalog import SOURCES

_COLUMNS = ("hop", "where", "agrees", "tells")
_SHOWN_ROWS = 15  # of a long history, five facts with their rows; what disagrees always is
_WIDE = 100  # characters of what a hop tells, in the table
_EXIT = {Verdict.AGREE: 0, Verdict.DISAGREE: FAILED, Verdict.PARTIAL: PARTIAL}


def explain(
    view: Annotated[str, typer.Argument(help="The view, as in `backbone list`.")],
    key: Annotated[str, typer.Argument(help="The key, as the gateway takes it.")],
    topic_copy: Annotated[
        str | None, typer.Option(help="Read the facts from this copy of the view's topic.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Show where one value comes from, hop by hop, and name the hop that disagrees.

    Exit codes: 0 all agree, 1 a hop disagrees, 3 what was seen agrees but a hop was not seen.

    Example: backbone explain orders 536800
    """
    name = pick([view], every=False, known=list(VIEWS), noun="view")[0]
    answer = asyncio.run(_answer(name, key))
    subject = _subject(VIEWS[name], key, topic_copy)
    with ExitStack() as stack:
        reader = stack.enter_context(closing(wiring.reader()))
        lookups = by_fact_type(stack.enter_context(source_lookups()))
        decoder = wiring.reading_codec()
        ask = Witnesses(
            reader,
            wiring.topic_admin(),
            decoder,
            lookups,
            lambda position: _was_refused(reader, position),
            _warehouse(reader, stack),
        )
        fold = _fold(VIEWS[name], decoder)
        evidence = gather(subject, answer, ask, fold)
        judgement = _judged(evidence, fold, reader, name)
    shown = Shown(wiring.contracts(), subject.topic, evidence, answer, int(time.time() * 1000))
    _print(shown.rows(judgement), judgement, output)
    raise typer.Exit(_EXIT[judgement.verdict])


async def _answer(name: str, key: str) -> Answer:
    store = wiring.view_reader()
    try:
        return await store.get(wiring.view_id(name), key)
    finally:
        await store.close()


def _warehouse(reader: Reader, stack: ExitStack) -> WarehouseRows | None:
    found = warehouse_reader()
    if found is None:
        return None
    stack.enter_context(closing(found))
    return WarehouseRows(found, wiring.contracts(), lambda place: _is_dead(reader, place))


def _was_refused(reader: Reader, position: str) -> bool:
    """Whether a source has put the row at this position to its dead letters."""
    return any(
        DeadLetter.of(record).source_position == position
        for name in SOURCES
        for record in reader.scan(topic_of(name))
    )


def _is_dead(reader: Reader, place: LogPosition) -> bool:
    """Whether a sink has put a record to its dead letters."""
    topics = wiring.topic_admin().describe([topic_of(name) for name in SINKS])
    return any(
        DeadLetter.of(record).origin == place for name in topics for record in reader.scan(name)
    )


def _subject(view: View, key: str, topic_copy: str | None) -> Subject:
    return Subject(
        view=view.name,
        key=key,
        topic=view.topic,
        partitions=wiring.view_id(view.name).partitions,
        reads=frozenset(view.reads),
        latest=isinstance(view, LatestByKey),
        copy=topic_copy,
    )


def _fold(view: View, decoder: Decoder) -> Fold:
    """The view's own, with the order versions that the told fields give."""

    def fold(facts: Sequence[Fact]) -> Entry | None:
        return refold(view, [_ordered(each, decoder) for each in facts])

    return fold


def _ordered(fact: Fact, decoder: Decoder) -> Fact:
    offset = fact.position.offset if fact.position else 0
    return replace(fact, order_version=decoder.order_version(fact.type, fact.data, offset))


def _judged(evidence: Evidence, fold: Fold, reader: Reader, view: str) -> Judgement:
    """Dead letters, and what is held, are looked at where the view differs: there may be many."""
    judgement = judge(evidence, fold)
    if Hop.VIEW not in judgement.at_fault:
        return judgement
    offsets = {chapter.position: chapter.offset for chapter in evidence.chapters}
    letters = (DeadLetter.of(record) for record in reader.scan(topic_of(view)))
    dead = {offsets[each.origin] for each in letters if each.origin in offsets}
    left_out = held_facts(view).left_out
    dead |= {
        chapter.offset
        for chapter in evidence.chapters
        if chapter.offset in left_out.get(chapter.position.partition, ())
    }
    return _without(dead, evidence, fold) if dead else judgement


def _without(dead: Collection[int], evidence: Evidence, fold: Fold) -> Judgement:
    """Nobody lies where an entry lacks what lies with the dead letters, but not all is well."""
    evidence = replace(evidence, dead=frozenset(dead))
    judgement = judge(evidence, fold)
    if Hop.VIEW in judgement.at_fault:
        return judgement
    places = [str(each.position) for each in evidence.chapters if each.offset in dead]
    lacking = (
        f"{', '.join(places)} in the entry: it lies with the dead letters, or is held behind one "
        f"(backbone dlq causes {evidence.view})"
    )
    return judge(replace(evidence, gaps=[*evidence.gaps, lacking]), fold)


def _print(rows: Sequence[Row], judgement: Judgement, output: Format) -> None:
    said = sentence(judgement, rows)
    if output is Format.JSON:
        last = {
            "verdict": str(judgement.verdict),
            "at_fault": [str(hop) for hop in judgement.at_fault],
            "certain": judgement.certain,
            "gaps": list(judgement.gaps),
            "said": said,
        }
        show([*rows, last], (), output)
        return
    show([_line(row) for row in _chosen(rows)], _COLUMNS, output)
    for line in _differences(rows):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{said}\n")


def _chosen(rows: Sequence[Row]) -> Iterator[Row]:
    left_out = 0
    for index, row in enumerate(rows):
        if index <= _SHOWN_ROWS or row["agrees"] is False:
            yield row
        else:
            left_out += 1
    if left_out:
        yield {"hop": f"{left_out} more", "where": "--output json shows them", "agrees": None}


def _line(row: Row) -> dict[str, Any]:
    agrees = {True: "yes", False: "NO", None: "not seen"}[row["agrees"]]
    told = row.get("why") or _told(row)
    return {"hop": row["hop"], "where": row["where"], "agrees": agrees, "tells": told}


def _told(row: Row) -> str:
    if "value" not in row:
        return ""
    about = _about_entry(row) if "order_version" in row else _about_fact(row)
    value = json.dumps(row["value"], ensure_ascii=False, default=str)
    return f"{about} {value if len(value) <= _WIDE else f'{value[:_WIDE]}…'}"


def _about_entry(row: Row) -> str:
    return (
        f"version {row['order_version']}, log {row['log_position']}, "
        f"source {row['source_position']}, {row['age_seconds']} s old"
    )


def _about_fact(row: Row) -> str:
    if "type" not in row:
        return "nothing:"
    return str(row["type"]).rpartition(".")[2]


def _differences(rows: Sequence[Row]) -> Iterator[str]:
    """One line per field, of the hops at fault; else of whatever differs."""
    guilty = [row for row in rows if row["at_fault"]] or rows
    for row in guilty:
        other = "the others say" if row["hop"] == Hop.FACT else "the log says"
        for each in row["differences"]:
            here, there = (json.dumps(each[side], default=str) for side in ("here", "there"))
            yield f"  {row['hop']} {row['where']}: {each['field']} is {here}, {other} {there}"
