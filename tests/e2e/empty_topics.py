"""Topics as they are when they have just been made: those that nobody wrote to stay, for making all
of them anew takes a second and a half, and a test writes to few."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import ListOffsetsResultInfo, OffsetSpec

from backbone.kafka.admin import KafkaTopicAdmin
from backbone.log import TopicSpec, TopicState
from backbone.topics import Action, plan

Wait = Callable[[Callable[[], bool], str], None]


def empty_topics(admin: KafkaTopicAdmin, specs: Sequence[TopicSpec], wait: Wait) -> None:
    states = admin.describe([spec.name for spec in specs])
    kept = _as_declared(specs, states) & _never_written(admin, states)
    made = [spec for spec in specs if spec.name not in kept]
    if not made:
        return
    names = [spec.name for spec in made]
    with ThreadPoolExecutor(len(made)) as pool:
        list(pool.map(admin.delete, [name for name in names if name in states]))
        wait(lambda: not admin.topic_ids(names), "the old topics are gone")
        list(pool.map(admin.create, made))
        wait(lambda: len(admin.topic_ids(names)) == len(names), "the topics are there")


def _as_declared(specs: Sequence[TopicSpec], states: Mapping[str, TopicState]) -> set[str]:
    return {each.topic for each in plan(specs, states) if each.action is Action.KEEP}


def _never_written(admin: KafkaTopicAdmin, states: Mapping[str, TopicState]) -> set[str]:
    """Uncommitted records and the markers of transactions count as written."""
    asked = {
        TopicPartition(name, partition): OffsetSpec.latest()
        for name, state in states.items()
        for partition in range(state.partitions)
    }
    if not asked:
        return set()
    uncommitted = IsolationLevel.READ_UNCOMMITTED
    ends = admin._client.list_offsets(asked, isolation_level=uncommitted, request_timeout=5.0)
    written = {place.topic for place, end in ends.items() if _end(end) != 0}
    return states.keys() - written


def _end(answer: Future[ListOffsetsResultInfo]) -> int | None:
    """None where the broker does not say."""
    try:
        return answer.result().offset
    except KafkaException:
        return None
