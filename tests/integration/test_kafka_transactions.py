"""What transactions promise, on the real Kafka: who is fenced when, and who reads what."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest
from confluent_kafka import Producer

from backbone.errors import Fenced, Misconfigured
from backbone.kafka import config, publisher
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.fetch.follower import FetchingFollower
from backbone.kafka.fetch.subscription import FetchingSubscription
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
    while KafkaTopicAdmin(base).undecided(facts):
        pass  # what is committed is to be seen a moment later
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


@pytest.mark.parametrize("subscribes", [KafkaSubscription, FetchingSubscription])
def test_facts_of_an_aborted_transaction_reach_no_view(
    base: config.Config,
    facts: str,
    unique: str,
    subscribes: type[KafkaSubscription | FetchingSubscription],
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
    subscription = subscribes(base, unique, facts, FromTheStart())
    values: list[bytes | None] = []
    while not _take(subscription.poll(100, 0.5), values):
        pass
    subscription.close()
    assert values == [b"published"]


def test_of_transactions_that_overlap_the_committed_ones_are_read(
    base: config.Config, facts: str, unique: str
) -> None:
    """Three producers write in turn into one partition, and every second transaction is aborted."""
    writers = [Producer({**base, "transactional.id": f"{unique}.{each}"}) for each in range(3)]
    for each in writers:
        each.init_transactions(10)
    chance, committed = random.Random(7), set[bytes]()
    for turn in range(20):
        some: list[list[bytes]] = [[], [], []]
        for each in writers:
            each.begin_transaction()
        for number in range(30):
            which = chance.randrange(3)
            some[which].append(b"%d.%d" % (turn, number))
            writers[which].produce(facts, some[which][-1], b"k", partition=0)
            writers[which].flush(10)
        for which in chance.sample(range(3), 3):
            if chance.random() < 0.5:
                writers[which].abort_transaction(10)
            else:
                writers[which].commit_transaction(10)
                committed.update(some[which])
    follower = FetchingFollower(base, facts)
    follower.start(0, 0)
    values: list[bytes | None] = []
    while len(values) < len(committed):
        values += [value for batch in follower.poll(17, 0.2) for value in batch.values]
    follower.close()
    reader = KafkaReader(base)
    assert values == [each.value for each in reader.scan(facts) if each.position.partition == 0]
    reader.close()
    assert set(values) == committed


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
