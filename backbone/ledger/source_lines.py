"""Sources: read = published + rejected, and both are where the cursors say.

In short: only the sums. `backbone.ledger.source_rows` looks at the rows themselves.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backbone.dead_letter_reading import DeadLetter
from backbone.ledger.interval import CursorSpan
from backbone.ledger.line import Found, Line, Wrong, counted
from backbone.ledger.topic_scan import TopicScan
from backbone.record import Record, last_header
from backbone.replay.retry_headers import COUNT

READ = "source"
PUBLISHED = "source → topic"
REJECTED = "source → dead letters"


@dataclass(frozen=True, slots=True)
class Publisher:
    """A source with its span. `newest_ms`: when its newest cursor of all was published, asked for
    after the topic's end: what stands behind that in the topic, no cursor has published."""

    name: str
    topics: Sequence[str]
    span: CursorSpan
    newest_ms: int


def read_line(source: Publisher) -> Line:
    span = source.span
    parts = {"published": span.published, "rejected": span.rejected}
    wrong = counted(span.read, sum(parts.values()))
    remarks = (f"{span.mended} of the rejected were mended since",) if span.mended else ()
    return Line(READ, source.name, "cursor", span.read, parts, wrong, remarks=remarks)


def published_line(topic: TopicScan, sources: Sequence[Publisher]) -> Line:
    """The facts of a topic against what its sources' cursors say."""
    names = ", ".join(each.name for each in sources)
    note = _note(topic, sources)
    shares = [each.span.facts(topic.topic, len(each.topics)) for each in sources]
    expected = sum(each or 0 for each in shares)
    if None in shares:
        note = note or "published by an earlier release, which did not count by topic"
    after = min((each.span.after_ms for each in sources), default=-1)
    until = max((each.span.until_ms for each in sources), default=-1)
    newest = max((each.newest_ms for each in sources), default=-1)
    here = sum(1 for each in topic.times if after < each <= until)
    strangers = sum(1 for each in topic.times if each > newest)
    repeated = [place for at, place in topic.repeated if after < at <= until or at > newest]
    wrong = Wrong() if note else _wrong(expected, here + strangers, repeated)
    remarks = _remarks(repeated, wrong)
    parts = {"in the topic": here + strangers}
    return Line(PUBLISHED, names, topic.topic, expected, parts, wrong, note, remarks)


def _note(topic: TopicScan, sources: Sequence[Publisher]) -> str:
    if not sources:
        return "no source here publishes it"
    if any(not each.span.known for each in sources):
        return "the cursor that the interval begins with was compacted away: begin it later"
    expired = [
        f"{topic.topic}/{partition}"
        for partition, each in topic.stretches.items()
        if each.start > 0 and each.first <= each.start and sources[0].span.after_ms < 0
    ]
    if expired:
        return f"facts expired in {', '.join(expired)}: begin the interval later, with --from"
    return ""


def _wrong(expected: int, found: int, repeated: Sequence[str]) -> Wrong:
    """Of what is too much, what repeats an id is double; the rest nobody published."""
    wrong = counted(expected, found)
    double = min(wrong.unknown.count, len(repeated))
    wrong.unknown.count -= double
    for place in repeated[:double]:
        wrong.double.add(place)
    return wrong


def _remarks(repeated: Sequence[str], wrong: Wrong) -> Sequence[str]:
    own = len(repeated) - wrong.double.count
    if own <= 0:
        return ()
    return (f"{own} repeat an id: the source gave a row twice, or was rewound",)


def rejected_line(source: Publisher, letters: Iterable[Record]) -> Line:
    """The dead letters of a source against what its cursors say, a letter for each input."""
    span = source.span
    places: Counter[str] = Counter()
    double = Found()
    count = 0
    for record in letters:
        # what was rejected once more has its first letter
        if not _of(source, record.timestamp_ms) or last_header(record.headers, COUNT):
            continue
        count += 1
        where = DeadLetter.of(record).source_position or str(record.position)
        places[where] += 1
        if places[where] > 1:
            double.add(where)
    note = "" if span.known else "the cursor that the interval begins with was compacted away"
    wrong = Wrong() if note else counted(span.rejected, count)
    if wrong.unknown.count and double.count:
        taken = min(wrong.unknown.count, double.count)
        wrong.unknown.count -= taken
        wrong.double = Found(taken, double.first[:taken])
    parts = {"in the dead letters": count}
    where = f"dlq.{source.name}"
    return Line(REJECTED, source.name, where, span.rejected, parts, wrong, note)


def _of(source: Publisher, timestamp_ms: int) -> bool:
    """A letter bears its producer's time, which is compared only where the interval is bounded."""
    span = source.span
    behind = source.newest_ms > span.until_ms and timestamp_ms > span.until_ms
    return timestamp_ms > span.after_ms and not behind


def by_topic(sources: Iterable[Publisher]) -> Mapping[str, Sequence[Publisher]]:
    found: dict[str, list[Publisher]] = {}
    for source in sources:
        for topic in source.topics:
            found.setdefault(topic, []).append(source)
    return found
