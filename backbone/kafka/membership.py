"""Sharing out shards among the members of a group, on confluent-kafka's Consumer."""

from backbone.errors import Fatal
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.errors import translate_of_member
from backbone.kafka.group import Assignment, Identity, leave, member
from backbone.log import Listener
from backbone.logs import logger


class KafkaMembership:
    """See `backbone.log.Membership`: the cursor topic's group shares out its partitions, unread."""

    def __init__(self, base: config.Config, group: str, topic: str, listener: Listener) -> None:
        self._consumer = member(base, group)
        self._doing = f"sharing out {topic} at {config.servers(base)}"
        self._identity = Identity(KafkaTopicAdmin(base), topic)
        self._assignment = Assignment(self._consumer, topic, listener)
        self._log = logger(f"group.{group}")
        self._subscribed = False

    def poll(self, timeout_seconds: float) -> None:
        topic_id = self._identity.check()
        if not self._subscribed:
            self._assignment.subscribe()
            self._subscribed = True
        message = self._consumer.poll(timeout_seconds)
        error = None if message is None else message.error()
        if error is not None:
            translated = translate_of_member(error, self._doing)
            if isinstance(translated, Fatal):
                raise translated
            self._log.warning("kafka is struggling", reason=str(translated))
        self._assignment.start_waiting(topic_id, read=False)

    def close(self) -> None:
        leave(self._consumer)
