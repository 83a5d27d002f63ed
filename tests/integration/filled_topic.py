"""A topic with records in it, and what a follower reads of it."""

from collections.abc import Sequence

from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.publisher import KafkaAppender
from backbone.log import Follower, Message, TopicSpec


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def filled(base: config.Config, topic: str, values: Sequence[bytes]) -> KafkaTopicAdmin:
    """Made with one partition."""
    admin = KafkaTopicAdmin(base)
    admin.create(TopicSpec(topic, 1))
    while not admin.topic_ids([topic]):
        pass
    appender = KafkaAppender(base)
    appender.append([Message(topic, b"k", each, (), 0) for each in values])
    appender.close()
    return admin


def values_of(follower: Follower, count: int) -> list[bytes | None]:
    """The next ones; closes it."""
    values: list[bytes | None] = []
    while len(values) < count:
        values += [value for batch in follower.poll(100, 0.1) for value in batch.values]
    follower.close()
    return values
