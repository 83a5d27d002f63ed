"""The books of one topic: its sources, its views and its tables, asked and balanced."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial

from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import topic_of
from backbone.errors import BackboneError, Transient
from backbone.ledger import source_lines, view_lines, warehouse_lines
from backbone.ledger.interval import CursorSpan, Stretch, span
from backbone.ledger.line import Line
from backbone.ledger.source_lines import Publisher
from backbone.ledger.source_rows import SourceRows
from backbone.ledger.topic_scan import Progress, TopicScan, scan, within
from backbone.ledger.view_entries import AT_ONCE, Judged, Refold, suspects
from backbone.log import Reader
from backbone.recorded_fact import Decoder
from backbone.replay.outcomes import Settled
from backbone.replay.parked import unsettled
from backbone.source_lookup import SourceLookup
from backbone.topics import cursor_topic
from backbone.views.store import Answer, Entry, ViewReader
from backbone.warehouse.store import WarehouseReader
from backbone.warehouse.table import FactTable
from cli import wiring
from cli.dlq_selection import reports_of
from cli.held_facts import HeldFacts, Offsets, held_facts
from cli.ledger_interval import Asked
from cli.source_lookups import source_lookups
from cli.warehouse_reading import warehouse_reader
from consumers.catalog import SINKS
from processors.catalog import VIEWS
from processors.refold import after
from processors.view import LatestByKey

_PAGE = 1_000
_TRIES = 3
_NO_TIMES = "an interval of offsets says nothing of cursors: give times"


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that is asked. `deep`: contents too."""

    reader: Reader
    decoder: Decoder
    lookups: Mapping[str, SourceLookup]
    views: ViewReader
    loop: "asyncio.Runner"
    warehouse: WarehouseReader | None
    progress: Progress
    deep: bool

    @classmethod
    @contextmanager
    def open(cls, progress: Progress, *, deep: bool) -> "Iterator[Books]":
        with ExitStack() as stack:
            reader = stack.enter_context(closing(wiring.reader()))
            lookups = stack.enter_context(source_lookups())
            loop = stack.enter_context(asyncio.Runner())
            views = wiring.view_reader()
            stack.callback(lambda: loop.run(views.close()))
            warehouse = warehouse_reader()
            if warehouse is not None:
                stack.enter_context(closing(warehouse))
            codec = wiring.reading_codec()
            yield cls(reader, codec, lookups, views, loop, warehouse, progress, deep)

    def lines(self, topic: str, asked: Asked) -> list[Line]:
        """Cursors are asked for before the topic's end and again behind it; views and warehouse
        later still: so each hop is only judged by what stood before it when it was asked."""
        admin = wiring.topic_admin()
        names = [name for name in self.lookups if topic in self._topics(name)]
        spans = {name: self._span(name, asked) for name in names}
        stretches = asked.stretches(admin, topic)
        sources = [self._publisher(name, found) for name, found in spans.items()]
        found = scan(self.reader, topic, stretches, self.decoder, self.progress)
        return [
            *self._sources(found, sources, asked),
            *self._views(found),
            *self._tables(found),
        ]

    # sources

    def _topics(self, name: str) -> Sequence[str]:
        facts = self.lookups[name].facts
        return list(dict.fromkeys(wiring.contracts()[each].topic for each in facts))

    def _span(self, name: str, asked: Asked) -> CursorSpan:
        return span(self.reader.scan(cursor_topic(name)), asked.bounds())

    def _publisher(self, name: str, found: CursorSpan) -> Publisher:
        newest = [each.timestamp_ms for each in self.reader.scan(cursor_topic(name))]
        return Publisher(name, self._topics(name), found, newest[-1] if newest else -1)

    def _sources(
        self, found: TopicScan, sources: Sequence[Publisher], asked: Asked
    ) -> Iterator[Line]:
        if asked.by_offset:
            names = ", ".join(each.name for each in sources)
            parts = {"in the topic": found.total}
            yield Line(source_lines.PUBLISHED, names, found.topic, 0, parts, note=_NO_TIMES)
            return
        for source in sources:
            yield source_lines.read_line(source)
            yield source_lines.rejected_line(source, self.reader.scan(topic_of(source.name)))
        yield source_lines.published_line(found, sources)
        if self.deep:
            for source in sources:
                yield from self._rows(found, source, asked)

    def _rows(self, found: TopicScan, source: Publisher, asked: Asked) -> Iterator[Line]:
        lookup = self.lookups[source.name]
        types = {each.type for each in wiring.contracts().of_topic(found.topic)}
        compared = SourceRows(source.name, lookup, self.decoder, types, whole=asked.whole)
        partitions = len(found.stretches)
        for record in within(self.reader, found.topic, found.stretches, self.progress):
            compared.take(record, partitions)
        letters = (DeadLetter.of(each) for each in self.reader.scan(topic_of(source.name)))
        places = {each.source_position for each in letters if each.source_position}
        try:
            yield from compared.lines(source.span.last.cursor, places)
        except BackboneError as error:
            yield _unseen("source row = fact", source.name, found.topic, error)

    # views

    def _views(self, found: TopicScan) -> Iterator[Line]:
        for name in [each for each, view in VIEWS.items() if view.topic == found.topic]:
            unseen = partial(_unseen, view_lines.HANDLED, name, found.topic)
            yield from _insist(partial(self._view, found, name), unseen)

    def _view(self, found: TopicScan, name: str) -> Iterator[Line]:
        view, admin = wiring.view_id(name), wiring.topic_admin()
        statuses = self.loop.run(self.views.statuses(view))
        topic_id = admin.topic_ids([found.topic])[found.topic]
        dead, held = self._dead(name, found.topic, topic_id), held_facts(name)
        ends = admin.ends(found.topic)
        state = view_lines.ViewState(name, topic_id, statuses, dead, ends, held.waiting)
        yield from view_lines.lines(found, state)
        if self.deep:
            until = {number: each.offset for number, each in enumerate(statuses) if each}
            yield self._entries(found, name, until, _left_out(dead, held))

    def _dead(self, name: str, topic: str, topic_id: str) -> Mapping[int, frozenset[int]]:
        """Offsets in the dead letters of a processor, each once, however often it failed; without
        those that were tried again and settled since."""
        letters = map(DeadLetter.of, self.reader.scan(topic_of(name)))
        offsets: dict[int, set[int]] = defaultdict(set)
        for origin in unsettled(letters, Settled(reports_of(name, self.reader))):
            if (origin.topic, origin.topic_id) == (topic, topic_id):
                offsets[origin.partition].add(origin.offset)
        return {each: frozenset(found) for each, found in offsets.items()}

    def _entries(
        self,
        found: TopicScan,
        name: str,
        until: Mapping[int, int],
        dead: Mapping[int, frozenset[int]],
    ) -> Line:
        view, declared = wiring.view_id(name), VIEWS[name]
        expired = any(each.start for each in found.stretches.values())
        if expired and not isinstance(declared, LatestByKey):
            note = "older facts expired, so the log does not make the entries any more"
            return Line("topic = view entries", name, found.topic, 0, {}, note=note)
        refold = Refold(view, self.decoder, partial(after, declared))
        whole = {each: Stretch(0, end) for each, end in until.items()}
        log = within(self.reader, found.topic, whole, self.progress)
        counts = [0]
        keys = suspects(refold.all(log, until), self._stored(name, counts))
        secret = any(each.key in each.pii for each in wiring.contracts().of_topic(found.topic))
        judged = Judged(view, found.topic, secret)
        for first in range(0, len(keys), AT_ONCE):
            some = keys[first : first + AT_ONCE]
            answers = {key: self.loop.run(self.views.get(view, key)) for key in some}
            judged.compare(answers, self._again(found.topic, refold, answers, dead))
        return judged.line(counts[0])

    def _stored(self, name: str, counts: list[int]) -> Iterator[tuple[str, Entry]]:
        view, behind = wiring.view_id(name), None
        while True:
            page = self.loop.run(self.views.page(view, behind, _PAGE))
            counts[0] += len(page.entries)
            yield from page.entries
            if page.next_key is None:
                return
            behind = page.next_key

    def _again(
        self,
        topic: str,
        refold: Refold,
        answers: Mapping[str, Answer],
        dead: Mapping[int, frozenset[int]],
    ) -> Sequence[Mapping[str, Entry | None]]:
        """The log's folds of the suspects, each up to where its own answer stands."""
        until = {key: each.status.offset if each.status else 0 for key, each in answers.items()}
        keys = {key.encode() for key in answers}
        return refold.some(self.reader.scan(topic, None, keys.__contains__), until, dead)

    # the warehouse

    def _tables(self, found: TopicScan) -> Iterator[Line]:
        warehouse = self.warehouse
        for contract in wiring.contracts().of_topic(found.topic):
            table = FactTable(contract)
            if warehouse is None:
                note = "no warehouse is configured"
                yield Line(warehouse_lines.LOADED, table.name, found.topic, 0, {}, note=note)
                continue
            unseen = partial(_unseen, warehouse_lines.LOADED, table.name, found.topic)
            yield from _insist(partial(self._table, found, warehouse, table), unseen)

    def _table(
        self, found: TopicScan, warehouse: WarehouseReader, table: FactTable
    ) -> Iterator[Line]:
        topic_id = wiring.topic_admin().topic_ids([found.topic])[found.topic]
        dead = [self._dead(name, found.topic, topic_id) for name in SINKS]
        for partition in sorted(found.stretches):
            offsets = frozenset().union(*(each.get(partition, ()) for each in dead))
            loaded = warehouse_lines.Loaded(warehouse, table, topic_id, partition, offsets)
            yield warehouse_lines.line(found, loaded)
            if self.deep:
                yield self._content(found, loaded)

    def _content(self, found: TopicScan, loaded: warehouse_lines.Loaded) -> Line:
        stretch = {loaded.partition: found.stretches[loaded.partition]}
        ends = {each: one.end for each, one in found.stretches.items()}
        whole = {each: Stretch(end, end) for each, end in ends.items()} | stretch
        records = within(self.reader, found.topic, whole, self.progress)
        return warehouse_lines.content(
            loaded, records, self.decoder, found.stretches[loaded.partition].end
        )


def _left_out(dead: Offsets, held: HeldFacts) -> Offsets:
    """What is no part of a view's entries, or need not be."""
    return {
        each: dead.get(each, frozenset()) | held.left_out.get(each, frozenset())
        for each in {*dead, *held.left_out}
    }


def _insist(
    ask: Callable[[], Iterable[Line]], unseen: Callable[[BackboneError], Line], tries: int = _TRIES
) -> Sequence[Line]:
    """A service that is busy answers the second time; one that is away leaves its lines open."""
    try:
        return list(ask())
    except Transient as error:
        return _insist(ask, unseen, tries - 1) if tries > 1 else [unseen(error)]
    except BackboneError as error:
        return [unseen(error)]


def _unseen(hop: str, name: str, where: str, error: BackboneError) -> Line:
    return Line(hop, name, where, 0, {}, note=f"could not be asked: {error}")
