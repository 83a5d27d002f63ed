"""What a member of a group asks of its client when partitions are given to it."""

from dataclasses import dataclass, field
from typing import Any, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from backbone.errors import Transient
from backbone.kafka.group import Assignment, leave

TOPIC = "pricing.price.v1"


@dataclass
class Client:
    """As far as an assignment uses it. `silent`: no broker answers."""

    silent: bool = False
    on_assign: Any = None
    sought: dict[int, int] = field(default_factory=dict)
    resumed: list[int] = field(default_factory=list)
    asked: list[list[int]] = field(default_factory=list)

    def subscribe(self, _: list[str], **told: Any) -> None:
        self.on_assign = told["on_assign"]

    def incremental_assign(self, places: list[TopicPartition]) -> None: ...

    def pause(self, places: list[TopicPartition]) -> None: ...

    def seek(self, place: TopicPartition) -> None:
        self.sought[place.partition] = place.offset

    def resume(self, places: list[TopicPartition]) -> None:
        self.resumed += [each.partition for each in places]

    def offsets_for_times(self, places: list[TopicPartition], **_: float) -> None:
        self.asked.append([each.partition for each in places])
        if self.silent:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


@dataclass
class Claims:
    """Where each partition starts; what is not there cannot be claimed yet."""

    starts: dict[int, int]

    def assigned(self, partition: int, _: str) -> int:
        if partition not in self.starts:
            raise Transient("its store is away")
        return self.starts[partition]

    def revoked(self, partition: int) -> None: ...

    def lost(self, partition: int) -> None: ...


def assigned(client: Client, claims: Claims, count: int) -> Assignment:
    made = Assignment(cast("Consumer", client), TOPIC, claims)
    made.subscribe()
    client.on_assign(client, [TopicPartition(TOPIC, each) for each in range(count)])
    return made


def test_all_partitions_that_are_taken_over_wake_their_brokers_with_one_question() -> None:
    """Each answer may be a long fetch away: one by one they took a tenth of a second each."""
    client = Client()
    assignment = assigned(client, Claims({0: 5, 1: 0, 2: 7}), 3)

    assert assignment.start_waiting("id", read=True)

    assert client.sought == {0: 5, 1: 0, 2: 7}
    assert sorted(client.resumed) == [0, 1, 2]
    assert [sorted(each) for each in client.asked] == [[0, 1, 2]]
    assert not assignment.start_waiting("id", read=True)
    assert len(client.asked) == 1


def test_a_broker_that_does_not_answer_keeps_nobody_from_reading() -> None:
    client = Client(silent=True)
    assignment = assigned(client, Claims({0: 5}), 1)

    assert assignment.start_waiting("id", read=True)

    assert assignment.started == {0}


def test_what_cannot_be_claimed_yet_keeps_no_other_from_starting() -> None:
    client, claims = Client(), Claims({1: 3})
    assignment = assigned(client, claims, 2)

    assert assignment.start_waiting("id", read=True)

    assert (assignment.started, client.sought) == ({1}, {1: 3})


def test_who_does_not_read_asks_nothing() -> None:
    client = Client()
    assignment = assigned(client, Claims({0: 5}), 1)

    assert assignment.start_waiting("id", read=False)

    assert (client.sought, client.resumed, client.asked) == ({}, [], [])


class Leaver:
    """A client of which each poll takes one of its partitions back; it must have none when it
    closes."""

    def __init__(self, count: int) -> None:
        self.has = count
        self.told: list[str] = []

    def unsubscribe(self) -> None:
        self.told.append("unsubscribed")

    def poll(self, _: float) -> None:
        assert self.told == ["unsubscribed"]
        self.has -= 1

    def assignment(self) -> list[int]:
        return [*range(self.has)]

    def close(self) -> None:
        self.told.append(f"closed with {self.has}")


def test_who_leaves_hands_over_before_the_client_closes() -> None:
    """Closing with partitions hung, and with it the whole process."""
    client = Leaver(3)
    leave(cast("Consumer", client))
    assert client.told == ["unsubscribed", "closed with 0"]
