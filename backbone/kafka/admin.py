"""Topics from outside, on confluent-kafka's AdminClient."""

import base64
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
    TopicDescription,
)

from backbone.kafka.config import CALL_SECONDS, Config, admin, servers
from backbone.kafka.errors import making, translate
from backbone.log import TopicSpec, TopicState


class KafkaTopicAdmin:
    def __init__(self, base: Config) -> None:
        with making("administrator"):
            self._client = AdminClient(admin(base))
        self._where = servers(base)
        self._partitions: dict[str, int] = {}  # a topic's count only grows, by an operator's hand

    def describe(self, names: Sequence[str]) -> dict[str, TopicState]:
        found = self._descriptions(names)
        configs = self._configs(list(found))
        return {
            name: TopicState(name, topic_id(description), len(description.partitions), config)
            for name, description in found.items()
            for config in [configs[name]]
        }

    def topic_ids(self, names: Sequence[str]) -> dict[str, str]:
        return {name: topic_id(found) for name, found in self._descriptions(names).items()}

    def topic_id(self, name: str) -> str:
        """Raises Misconfigured where there is no such topic."""
        found = self._descriptions([name]).get(name)
        if found is None:
            doing = f"asking for the id of {name} at {self._where}"
            raise translate(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART), doing)
        return topic_id(found)

    def leaders(self, name: str) -> dict[int, tuple[str, int]]:
        """Per partition that has a leader: its host and port. Raises Misconfigured where there is
        no such topic."""
        found = self._descriptions([name]).get(name)
        if found is None:
            doing = f"asking for the leaders of {name} at {self._where}"
            raise translate(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART), doing)
        return {
            each.id: (each.leader.host, each.leader.port)
            for each in found.partitions
            if each.leader is not None
        }

    def create(self, spec: TopicSpec) -> None:
        doing = f"creating the topic {spec.name} at {self._where}"
        futures = self._client.create_topics(
            [NewTopic(spec.name, spec.partitions, config=dict(spec.config))],
            request_timeout=CALL_SECONDS,
        )
        try:
            _result(futures[spec.name], doing)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise translate(error, doing) from error

    def configure(self, name: str, config: Mapping[str, str]) -> None:
        resource = ConfigResource(
            ResourceType.TOPIC,
            name,
            incremental_configs=[
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                for key, value in config.items()
            ],
        )
        futures = self._client.incremental_alter_configs([resource], request_timeout=CALL_SECONDS)
        _translated(futures[resource], f"configuring the topic {name} at {self._where}")

    def delete(self, name: str) -> None:
        """Not part of the port: nothing of ours deletes a topic but tests."""
        futures = self._client.delete_topics([name], request_timeout=CALL_SECONDS)
        _translated(futures[name], f"deleting the topic {name} at {self._where}")

    def ends(self, topic: str) -> dict[int, int]:
        return self.offsets(topic, OffsetSpec.latest())

    def undecided(self, topic: str) -> list[int]:
        """The partitions in which a transaction is neither committed nor aborted yet."""
        committed = self.ends(topic)
        written = self.offsets(topic, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED)
        return [each for each, end in written.items() if committed[each] < end]

    def starts(self, topic: str) -> dict[int, int]:
        """Per partition: the offset of the first record that is still there."""
        return self.offsets(topic, OffsetSpec.earliest())

    def start_of(self, topic: str, partition: int) -> int:
        """The offset of the first record of one partition that is still there."""
        place = KafkaPartition(topic, partition)
        futures = self._client.list_offsets(
            {place: OffsetSpec.earliest()}, request_timeout=CALL_SECONDS
        )
        doing = f"asking for the beginning of {topic}/{partition} at {self._where}"
        return int(_translated(futures[place], doing).offset)

    def offsets_at(self, topic: str, timestamp_ms: int) -> dict[int, int]:
        found = self.offsets(topic, OffsetSpec.for_timestamp(timestamp_ms))
        ends = self.ends(topic)
        return {each: ends[each] if at < 0 else at for each, at in found.items()}

    def offsets(
        self,
        topic: str,
        spec: OffsetSpec,
        isolation: IsolationLevel = IsolationLevel.READ_COMMITTED,
    ) -> dict[int, int]:
        doing = f"asking for the offsets of {topic} at {self._where}"
        if topic not in self._partitions:
            description = self._descriptions([topic]).get(topic)
            if description is None:
                raise translate(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART), doing)
            self._partitions[topic] = len(description.partitions)
        asked = {
            KafkaPartition(topic, partition): spec for partition in range(self._partitions[topic])
        }
        futures = self._client.list_offsets(
            asked, isolation_level=isolation, request_timeout=CALL_SECONDS
        )
        return {
            place.partition: int(_translated(future, doing).offset)
            for place, future in futures.items()
        }

    def _descriptions(self, names: Sequence[str]) -> dict[str, TopicDescription]:
        doing = f"describing the topics {', '.join(names)} at {self._where}"
        if not names:
            return {}
        try:
            futures = self._client.describe_topics(
                TopicCollection(list(names)), request_timeout=CALL_SECONDS
            )
        except KafkaException as error:
            raise translate(error, doing) from error
        found = {name: _unless_missing(future, doing) for name, future in futures.items()}
        return {name: each for name, each in found.items() if each is not None}

    def _configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        futures = self._client.describe_configs(resources, request_timeout=CALL_SECONDS)
        doing = f"reading the settings of {', '.join(names)} at {self._where}"
        return {
            resource.name: {
                key: str(entry.value) for key, entry in _translated(future, doing).items()
            }
            for resource, future in futures.items()
        }


def topic_id(description: TopicDescription) -> str:
    """The topic id as Java prints it: 16 bytes, URL-safe base64 without padding."""
    uuid: Any = description.topic_id  # its stub lacks the two methods
    raw = (uuid.get_most_significant_bits() & (2**64 - 1)).to_bytes(8, "big") + (
        uuid.get_least_significant_bits() & (2**64 - 1)
    ).to_bytes(8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _result(future: "Future[Any]", doing: str) -> Any:
    try:
        return future.result(timeout=CALL_SECONDS + 1)
    except TimeoutError as error:
        raise translate(KafkaError(KafkaError._TIMED_OUT), doing) from error  # noqa: SLF001


def _unless_missing(future: "Future[Any]", doing: str) -> Any:
    try:
        return _result(future, doing)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None
        raise translate(error, doing) from error


def _translated(future: "Future[Any]", doing: str) -> Any:
    try:
        return _result(future, doing)
    except KafkaException as error:
        raise translate(error, doing) from error
