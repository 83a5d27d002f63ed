"""Kafka's errors, named by what the caller must do, and saying where."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from backbone.errors import BackboneError, Fatal, Fenced, Misconfigured, Transient
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.errors import translate, translate_of_member

DOING = "describing the topics a.v1 at 127.0.0.1:9092"


@pytest.mark.parametrize(
    ("code", "becomes", "remedy"),
    [
        (KafkaError._TIMED_OUT, Transient, "check that it runs and that this is its address"),
        (KafkaError._TRANSPORT, Transient, "check that it runs and that this is its address"),
        (KafkaError._MSG_TIMED_OUT, Transient, "check that it runs and that this is its address"),
        (KafkaError.FENCED_LEADER_EPOCH, Transient, "FENCED_LEADER_EPOCH"),
        (KafkaError.PRODUCER_FENCED, Fenced, "Another process has taken over"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, Misconfigured, "Check the credentials"),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, Misconfigured, "`backbone topics apply`"),
        (KafkaError.MSG_SIZE_TOO_LARGE, Fatal, "Raise max.message.bytes"),
        (KafkaError.UNSUPPORTED_VERSION, Misconfigured, "Kafka 4.0 or newer is needed"),
        (KafkaError._BAD_MSG, Fatal, "fails its checksum"),
    ],
)
def test_an_error_says_what_failed_where_and_what_to_do(
    code: int, becomes: type[BackboneError], remedy: str
) -> None:
    for raised in (KafkaError(code), KafkaException(KafkaError(code))):
        told = translate(raised, DOING)
        assert type(told) is becomes
        assert DOING in str(told)
        assert remedy in str(told)


def test_an_administrator_soon_forgets_who_led_before_an_outage() -> None:
    """Asked for offsets in the epoch it remembers, a broker that came back refuses."""
    base = config.common("127.0.0.1:9092", {}, "test")
    assert config.admin(base)["metadata.max.age.ms"] <= 5_000
    assert config.servers(base) == "127.0.0.1:9092"


def test_a_member_whose_client_cannot_go_on_stops() -> None:
    error = KafkaError(KafkaError.GROUP_MAX_SIZE_REACHED, fatal=True)
    assert type(translate_of_member(error, DOING)) is Fatal
    assert type(translate_of_member(KafkaError(KafkaError._TRANSPORT), DOING)) is Transient


def test_a_client_that_cannot_be_made_names_the_setting() -> None:
    base = config.common("127.0.0.1:9092", {"ssl.ca.location": "/nowhere"}, "test")
    with pytest.raises(Misconfigured, match="BACKBONE_KAFKA_CONFIG"):
        KafkaTopicAdmin({**base, "security.protocol": "ssl"})


def test_what_our_promises_rest_on_is_not_the_operators_to_set() -> None:
    with pytest.raises(Misconfigured, match=r"enable\.auto\.commit, partitioner"):
        config.common("b", {"partitioner": "random", "enable.auto.commit": "true"}, "test")


def test_other_settings_are_the_operators() -> None:
    base = config.common("b", {"compression.type": "zstd", "linger.ms": "50"}, "test")
    assert config.producer(base)["compression.type"] == "zstd"
