"""Which dead letters a command is about: the options they share, and the reading of the topics."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import topic_of
from backbone.errors import Misconfigured, PoisonReason
from backbone.kafka.reader import KafkaReader
from backbone.log import Reader
from backbone.replay.outcomes import Report, Settled, Told, what_counts
from backbone.replay.packs import marks_in
from backbone.replay.parked import Parked, Place, State, by_message, is_open, state_of
from backbone.topics import replayed_topic, retry_topic
from cli import wiring


@dataclass(frozen=True, slots=True)
class Filter:
    """Every part that is given must fit."""

    cause: str | None = None
    code: PoisonReason | None = None
    since: datetime | None = None
    until: datetime | None = None
    key: str | None = None
    offsets: tuple[int, int] | None = None

    def takes(self, letter: DeadLetter) -> bool:
        offset, key = letter.record.position.offset, letter.record.key or b""
        return (
            (self.cause is None or letter.fingerprint.startswith(self.cause))
            and (self.code is None or letter.code == self.code)
            and (self.since is None or letter.failed_at >= self.since)
            and (self.until is None or letter.failed_at < self.until)
            and (self.key is None or key == self.key.encode())
            and (self.offsets is None or self.offsets[0] <= offset <= self.offsets[1])
        )


class Topics:
    """The three topics of one name, read when they are asked for."""

    def __init__(self, name: str, reader: Reader) -> None:
        self._name = name
        self._reader = reader

    def letters(self) -> Iterator[DeadLetter]:
        return map(DeadLetter.of, self._reader.scan(topic_of(self._name)))

    @cached_property
    def told(self) -> dict[Place, Told]:
        reports = reports_of(self._name, self._reader)
        return what_counts(told for each in reports for told in Report.from_bytes(each).told)

    @cached_property
    def settled(self) -> Settled:
        return Settled(reports_of(self._name, self._reader))

    @cached_property
    def sent(self) -> frozenset[Place]:
        records = self._reader.scan(retry_topic(self._name))
        places = (marks.place() for each in records for marks in marks_in(each))
        return frozenset((topic_id, of) for of, topic_id in places)

    def open_messages(self, wanted: Filter) -> list[Parked]:
        """Those with something left to be done."""
        found = by_message(self.letters(), wanted.takes)
        return [each for each in found if is_open(self.state(each))]

    def state(self, parked: Parked) -> State:
        return state_of(parked, self.told, self.sent)


def reports_of(name: str, reader: Reader) -> Iterator[bytes]:
    """What became of what was tried again; nothing where its topic does not exist."""
    topic = replayed_topic(name)
    if wiring.topic_admin().topic_ids([topic]):
        yield from (each.value for each in reader.scan(topic) if each.value is not None)


def open_topics(name: str, reader: KafkaReader) -> Topics:
    """Raises Misconfigured where there are none: `name` is of no source or processor."""
    check_exists(name)
    return Topics(name, reader)


def dead_topics() -> list[str]:
    """The dead-letter topics that are declared and exist."""
    declared = [spec.name for spec in wiring.declared_topics()]
    dead = [name for name in declared if name.startswith(topic_of(""))]
    return sorted(wiring.topic_admin().describe(dead))


def check_exists(name: str) -> None:
    topic = topic_of(name)
    if wiring.topic_admin().describe([topic]):
        return
    names = [each.removeprefix(topic_of("")) for each in dead_topics()]
    raise Misconfigured(
        f"the topic {topic} does not exist; there are dead-letter topics for {', '.join(names)}"
        if names
        else f"the topic {topic} does not exist, nor any other for dead letters: "
        "`backbone topics apply` creates them"
    )
