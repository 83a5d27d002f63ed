"""Gathering: what the log holds of a key, and what the other hops tell of each of its facts."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from backbone.errors import BackboneError, Poison
from backbone.explain.evidence import (
    Account,
    Broken,
    Chapter,
    Evidence,
    Fold,
    Testimony,
    Unseen,
)
from backbone.fact import Envelope, Fact
from backbone.log import Reader, TopicAdmin
from backbone.record import Record, last_header
from backbone.recorded_fact import Decoder, fact_of, instant
from backbone.source_lookup import NoRow, SourceLookup
from backbone.views.store import Answer

MAX_FACTS: Final = 100
"""So many facts of a key, the newest, are followed to their source and warehouse rows."""

AskWarehouse = Callable[[Fact], Testimony]
"""What the warehouse tells of the fact that stands at this log position."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained: a key of a view. `reads` are the fact types that the view folds; `latest`
    says that only the newest fact of a key counts. `copy` names a topic whose records tell the
    facts instead of those of `topic`, which then only tells where they stand."""

    view: str
    key: str
    topic: str
    partitions: int
    reads: frozenset[str]
    latest: bool
    copy: str | None = None


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Whom to ask. `sources` by the fact type they publish; `refused` says whether the row at a
    source position lies with the dead letters of its source; `warehouse` None: there is none."""

    reader: Reader
    admin: TopicAdmin
    decoder: Decoder
    sources: Mapping[str, Sequence[SourceLookup]]
    refused: Callable[[str], bool]
    warehouse: AskWarehouse | None = None


@dataclass(frozen=True, slots=True)
class _Standing:
    """A record of the key in its topic, and the fact that it holds."""

    record: Record
    fact: Fact


def gather(subject: Subject, answer: Answer, ask: Witnesses, fold: Fold) -> Evidence:
    """`answer` is what the view's store said, entry and status at one moment. Raises Transient
    when the log does not answer; everybody else may be away."""
    standing = list(_standing(subject, answer, ask))
    copies = None if subject.copy is None else _copies(subject, subject.copy, ask.reader)
    chapters = [_chapter(each, copies, subject, ask.decoder) for each in standing]
    wanted = _needed(subject, chapters, answer, fold)
    followed = [
        _followed(chapter, each.fact, ask) if chapter.offset in wanted else chapter
        for chapter, each in zip(chapters, standing, strict=True)
    ]
    gaps = list(_gaps(subject, answer, ask.admin, len(standing)))
    return Evidence(subject.view, answer.entry, followed, gaps=gaps)


def _standing(subject: Subject, answer: Answer, ask: Witnesses) -> Iterable[_Standing]:
    """What the view partition has handled of the key, in log order. A record that nobody can read
    is left out: it changed no view, and lies with the dead letters."""
    key, until = subject.key.encode(), answer.status.offset if answer.status else 0
    # from the others' ends: next to nothing is read of them
    starts = {**ask.admin.ends(subject.topic), answer.partition: 0}
    for record in ask.reader.scan(subject.topic, starts, lambda each: each == key):
        position = record.position
        if position.partition != answer.partition or position.offset >= until:
            continue
        fact = _fact(record, subject, ask.decoder)
        if isinstance(fact, Fact) and fact.type in subject.reads:
            yield _Standing(record, fact)


def _copies(subject: Subject, topic: str, reader: Reader) -> Mapping[bytes, deque[Record]]:
    """The records of the key in the copy by event id, wherever they stand there."""
    key = subject.key.encode()
    found: dict[bytes, deque[Record]] = defaultdict(deque)
    for record in reader.scan(topic, None, lambda each: each == key):
        found[last_header(record.headers, "ce_id") or b""].append(record)
    return found


def _chapter(
    each: _Standing,
    copies: Mapping[bytes, deque[Record]] | None,
    subject: Subject,
    decoder: Decoder,
) -> Chapter:
    record = each.record
    told: Account | Broken = Account(str(record.position), each.fact)
    if copies is not None:
        told = _copied(record, copies, subject, decoder)
    return Chapter(record.position, instant(record.timestamp_ms), told)


def _copied(
    record: Record, copies: Mapping[bytes, deque[Record]], subject: Subject, decoder: Decoder
) -> Account | Broken:
    """What the copy tells of the fact with this event id: content from there, place from here."""
    same = copies.get(last_header(record.headers, "ce_id") or b"")
    if not same:
        return Broken(str(subject.copy), "the copy has no record of this key with the fact's id")
    copy = same.popleft()
    where = str(copy.position)
    placed = replace(copy, position=record.position, timestamp_ms=record.timestamp_ms)
    fact = _fact(placed, subject, decoder)
    return (
        Account(where, fact) if isinstance(fact, Fact) else Broken(where, f"it is poison: {fact}")
    )


def _fact(record: Record, subject: Subject, decoder: Decoder) -> Fact | Poison:
    try:
        return fact_of(record, decoder, subject.partitions)
    except Poison as poison:
        return poison


def _needed(subject: Subject, chapters: Sequence[Chapter], answer: Answer, fold: Fold) -> set[int]:
    """Offsets of the facts that the value depends on, or should."""
    if not subject.latest:
        return {chapter.offset for chapter in chapters[-MAX_FACTS:]}
    newest = fold([each.fact.fact for each in chapters if isinstance(each.fact, Account)])
    chosen = {entry.offset for entry in (newest, answer.entry) if entry is not None}
    broken = {each.offset for each in chapters if isinstance(each.fact, Broken)}
    return chosen | broken


def _gaps(subject: Subject, answer: Answer, admin: TopicAdmin, facts: int) -> Iterable[str]:
    """What could not be looked at, beside single rows."""
    status = answer.status
    if status is None:
        yield f"{subject.view} was not built yet: nothing is stored of its partition"
        return
    if status.rebuilding:
        yield f"{subject.view} is being built again: it does not hold everything yet"
    if admin.topic_ids([subject.topic]).get(subject.topic) != status.topic_id:
        yield f"{subject.topic} was made again since the view was built from it"
    start = admin.starts(subject.topic)[answer.partition]
    if start and not subject.latest:
        yield f"{subject.topic}/{answer.partition} begins at offset {start}: older facts expired"
    if facts > MAX_FACTS and not subject.latest:
        yield f"of {facts} facts only the newest {MAX_FACTS} were followed to their rows"


def _followed(chapter: Chapter, own: Fact, ask: Witnesses) -> Chapter:
    """Asked about the fact as it stands in its topic, whatever a copy tells."""
    return replace(
        chapter,
        source=_ask_sources(ask.sources.get(own.type, ()), own.envelope, ask),
        warehouse=_ask_warehouse(ask.warehouse, own),
    )


def _ask_sources(lookups: Sequence[SourceLookup], envelope: Envelope, ask: Witnesses) -> Testimony:
    """The first source that has the row: several may publish the same facts."""
    answer: Testimony = Unseen(envelope.source, "no source here can be asked for its rows")
    for lookup in lookups:
        answer = _ask_source(lookup, envelope, ask)
        if not isinstance(answer, Unseen):
            return answer
    return answer


def _ask_source(lookup: SourceLookup, envelope: Envelope, ask: Witnesses) -> Testimony:
    try:
        row = lookup.find(envelope)
    except BackboneError as error:
        return Unseen(envelope.sequence, f"the source could not be asked: {error}")
    if isinstance(row, NoRow):
        return Unseen(row.position, row.why)
    if isinstance(row.made, Fact):
        return Account(row.position, row.made)
    if ask.refused(row.position):
        return Unseen(row.position, "the row was refused, and the fact mended from its dead letter")
    poison = row.made.poison
    return Broken(row.position, f"the row makes no fact any more: {poison.reason}: {poison}")


def _ask_warehouse(warehouse: AskWarehouse | None, own: Fact) -> Testimony:
    if warehouse is None:
        return Unseen("", "no warehouse is configured")
    try:
        return warehouse(own)
    except BackboneError as error:
        return Unseen("", f"the warehouse could not be asked: {error}")
