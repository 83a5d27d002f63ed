"""Which client reads: by whole record batches, or confluent-kafka where only it knows the way."""

from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.config import Config
from backbone.kafka.fetch.follower import FetchingFollower
from backbone.kafka.fetch.settings import unknown_settings
from backbone.kafka.fetch.subscription import FetchingSubscription
from backbone.kafka.follower import KafkaFollower
from backbone.kafka.subscription import KafkaSubscription
from backbone.log import Follower, KeepingSubscription, Listener
from backbone.logs import logger


def subscription(base: Config, group: str, topic: str, listener: Listener) -> KeepingSubscription:
    """Raises Misconfigured."""
    if _reads_by_batches(base, topic):
        return FetchingSubscription(base, group, topic, listener)
    return KafkaSubscription(base, group, topic, listener)


def follower(base: Config, topic: str, admin: KafkaTopicAdmin) -> Follower:
    """Raises Misconfigured."""
    if _reads_by_batches(base, topic):
        return FetchingFollower(base, topic, admin)
    return KafkaFollower(base, topic, admin)


def _reads_by_batches(base: Config, topic: str) -> bool:
    unknown = unknown_settings(base)
    if unknown:
        logger(f"fetch.{topic}").info("reads message by message", because_of=", ".join(unknown))
    return not unknown
