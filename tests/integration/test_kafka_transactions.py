"""What transactions promise, on the real Kafka: who is fenced when, and who reads what."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest
from confluent_kafka import Producer

from backbone.errors import Fenced, Misconfigured
from backbone.kafka import config, publisher
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.publisher import KafkaAppender, KafkaPublisher
from backbone.kafka.reader import KafkaReader
from backbone.kafka.subscription import KafkaSubscription
from backbone.log import End, Message, TopicSpec
from cli.stack.stack import Endpoints

pytestmark = pytest.mark.kafka


@pytest.fixture
def base(endpoints: Endpoints, unique: str) -> config.Config:
    return config.common(endpoints.kafka_bootstrap, {}, unique)


@pytest.fixture
def facts(base: config.Config, unique: str) -> str:
    return _created(base, TopicSpec(f"{unique}.facts", 1))


@pytest.fixture
def cursors(base: config.Config, unique: str) -> str:
    return _created(base, TopicSpec(f"cursor.{unique}", 1, {"cleanup.policy": "compact"}))


def _created(base: config.Config, spec: TopicSpec) -> str:
    admin = KafkaTopicAdmin(base)
    admin.create(spec)
    while not admin.topic_ids([spec.name]):
        pass
    return spec.name


@pytest.fixture
def opened(base: config.Config, facts: str, cursors: str) -> Iterator[Callable[[], KafkaPublisher]]:
    """Another publisher of the one shard; it has opened."""
    made: list[KafkaPublisher] = []

    def open_another() -> KafkaPublisher:
        made.append(KafkaPublisher(base, f"{cursors}-0", (cursors, 0), [facts]))
        made[-1].open()
        return made[-1]

    yield open_another
    for each in made:
        each.close()


def test_a_cursor_is_still_the_last_one_when_its_reader_begins_to_publish(
    base: config.Config,
    facts: str,
    cursors: str,
    opened: Callable[[], KafkaPublisher],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Read before the predecessor was fenced it was not: what the predecessor then published came
    again."""
    predecessor = opened()
    predecessor.publish([Message(facts, b"k", b"1")], b"1")

    class ReadsSlowly(KafkaReader):
        """Between its answer and the next step the predecessor has time for one more batch."""

        def newest(self, topic: str, partition: int) -> bytes | None:
            found = super().newest(topic, partition)
            with suppress(Fenced):
                predecessor.publish([Message(facts, b"k", b"2")], b"2")
            return found

    monkeypatch.setattr(publisher, "KafkaReader", ReadsSlowly)
    successor = KafkaPublisher(base, f"{cursors}-0", (cursors, 0), [facts])
    resumed_from = successor.open()
    successor.close()
    monkeypatch.undo()
    reader = KafkaReader(base)
    assert resumed_from == reader.newest(cursors, 0)
    reader.close()


def test_a_publisher_that_was_overtaken_in_mid_work_is_fenced(
    base: config.Config, facts: str, opened: Callable[[], KafkaPublisher]
) -> None:
    overtaken, successor = opened(), opened()
    with suppress(Fenced):
        overtaken.publish([Message(facts, b"k", b"zombie")], b"zombie")
    successor.publish([Message(facts, b"k", b"1")], b"1")
    reader = KafkaReader(base)
    assert [each.value for each in reader.scan(facts)] == [b"1"]
    reader.close()


class FromTheStart:
    """A listener that reads everything."""

    def assigned(self, partition: int, topic_id: str) -> int:
        del partition, topic_id
        return 0

    def revoked(self, partition: int) -> None:
        """Nothing is held."""

    lost = revoked


def test_facts_of_an_aborted_transaction_reach_no_view(
    base: config.Config, facts: str, unique: str
) -> None:
    aborted = Producer({**base, "transactional.id": unique})
    aborted.init_transactions(10)
    aborted.begin_transaction()
    aborted.produce(facts, b"aborted", b"k")
    aborted.flush(10)
    aborted.abort_transaction(10)
    appender = KafkaAppender(base)
    appender.append([Message(facts, b"k", b"published")])
    appender.close()
    subscription = KafkaSubscription(base, unique, facts, FromTheStart())
    values: list[bytes | None] = []
    while not _take(subscription.poll(100, 0.5), values):
        pass
    subscription.close()
    assert values == [b"published"]


def _take(events: Sequence[object], values: list[bytes | None]) -> bool:
    """Whether the end was reached."""
    for event in events:
        values += getattr(event, "values", [])
    return any(isinstance(event, End) for event in events)


def test_an_append_that_was_not_acknowledged_does_not_pass_for_done(
    base: config.Config, unique: str
) -> None:
    appender = KafkaAppender(base)
    with pytest.raises(Misconfigured, match="Run `backbone topics plan`"):
        appender.append([Message(f"dlq.{unique}", b"k", b"letter")])
    appender.close()
