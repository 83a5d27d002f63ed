"""The clients of replays, made as `cli/wiring.py` makes the others: from settings it gives."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache

from backbone.errors import BackboneError
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.follower import KafkaFollower
from backbone.kafka.reader import KafkaReader
from backbone.log import Appender
from backbone.replay.mending import MendingLog
from backbone.replay.retries import RetryLog
from backbone.topics import replayed_topic, retry_topic


def retry_log(
    name: str, base: config.Config, admin: KafkaTopicAdmin, appender: Appender
) -> RetryLog:
    """What `name` is to try again, and where it tells what became of it."""
    from backbone.kafka.fetch import chosen  # noqa: PLC0415 - Polars, and another client of Kafka

    topic, replayed = retry_topic(name), replayed_topic(name)
    topic_id = cache(lambda: admin.topic_id(topic))
    reader = KafkaReader(base)
    try:
        reader.ask_for_leaders(replayed)  # so that a takeover does not wait for it
    except BackboneError:
        reader.close()
        raise
    return RetryLog(chosen.follower(base, topic, admin), topic_id, replayed, reader, appender)


def mending_log(name: str, base: config.Config, admin: KafkaTopicAdmin) -> MendingLog:
    """The rejects that the source `name` is to take back."""
    topic, replayed = retry_topic(name), replayed_topic(name)

    def told() -> Iterator[bytes]:
        with closing(KafkaReader(base)) as reader:
            yield from (each.value for each in reader.scan(replayed) if each.value is not None)

    def end() -> int:
        found = admin.ends(topic)[0]
        return found if found > admin.starts(topic)[0] else 0

    topic_id = cache(lambda: admin.topic_id(topic))
    return MendingLog(KafkaFollower(base, topic, admin), topic_id, end, replayed, told)


def answers(name: str, base: config.Config, admin: KafkaTopicAdmin) -> KafkaFollower:
    """What the owner of `name` tells from now on."""
    topic = replayed_topic(name)
    follower = KafkaFollower(base, topic, admin)
    ends: Sequence[tuple[int, int]] = sorted(admin.ends(topic).items())
    for partition, end in ends:
        follower.start(partition, end)
    return follower
