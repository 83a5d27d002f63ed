"""confluent-kafka's errors end here, translated by one table, most specific first."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException

from backbone.errors import BackboneError, Fatal, Fenced, Misconfigured, Transient

_FENCED = {
    KafkaError._FENCED,  # noqa: SLF001 - the client's public name for it
    KafkaError.PRODUCER_FENCED,
    KafkaError.INVALID_PRODUCER_EPOCH,
}
_REFUSED = {
    KafkaError._AUTHENTICATION,  # noqa: SLF001
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
_MISSING = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
}
_TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE}
_NOTE_TOO_LARGE = {KafkaError.OFFSET_METADATA_TOO_LARGE}
_CORRUPT = {KafkaError._BAD_MSG}  # noqa: SLF001 - the client has skipped what it could not check
_TOO_OLD = {KafkaError.UNSUPPORTED_VERSION, KafkaError.UNSUPPORTED_ASSIGNOR}
_SILENT = {
    KafkaError._TIMED_OUT,  # noqa: SLF001
    KafkaError._MSG_TIMED_OUT,  # noqa: SLF001
    KafkaError._TRANSPORT,  # noqa: SLF001
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
    KafkaError._RESOLVE,  # noqa: SLF001
}


_TABLE: tuple[tuple[set[int], type[BackboneError], str], ...] = (
    (_FENCED, Fenced, "Another process has taken over: this one stops"),
    (_REFUSED, Misconfigured, "Check the credentials and the access rights"),
    (_MISSING, Misconfigured, "Run `backbone topics plan`, then `backbone topics apply`"),
    (_TOO_OLD, Misconfigured, "Kafka 4.0 or newer is needed"),
    (_TOO_LARGE, Fatal, "Raise max.message.bytes of the topic: `backbone topics plan`"),
    (_NOTE_TOO_LARGE, Fatal, "Set offset.metadata.max.bytes of the brokers to 4096 or more"),
    (_CORRUPT, Fatal, "A stored record fails its checksum: look at the broker's disk and replicas"),
)


def translate(error: KafkaError | KafkaException, doing: str) -> BackboneError:
    """Name the error by what the caller must do. `doing` completes "while …": what, and where.

    What the table does not name is Transient: its outcome is unknown, and trying the same again
    from the last known position is always safe here.
    """
    found = error.args[0] if isinstance(error, KafkaException) else error
    if not isinstance(found, KafkaError):
        return Fatal(f"Kafka failed while {doing}: {found}")
    text = f"Kafka failed while {doing}: {found.str()} ({found.name()})"
    for codes, kind, remedy in _TABLE:
        if found.code() in codes:
            return kind(f"{text}. {remedy}")
    if found.code() in _SILENT:
        text = (
            f"Kafka did not answer while {doing} ({found.name()}): "
            "check that it runs and that this is its address"
        )
    return Transient(text)


def translate_of_member(error: KafkaError, doing: str) -> BackboneError:
    """As translate, for a consumer: after an error that its client calls fatal it never delivers
    again and is told of no rebalance, so going on would look healthy and do nothing."""
    translated = translate(error, doing)
    if error.fatal() and not isinstance(translated, Fatal):
        return Fatal(f"{translated}. The client cannot go on: start the process again")
    return translated


@contextmanager
def making(client: str) -> Iterator[None]:
    """Around a client's constructor: what it refuses is a setting of BACKBONE_KAFKA_CONFIG."""
    try:
        yield
    except (KafkaException, ValueError, TypeError) as error:
        found = error.args[0] if error.args else error
        text = found.str() if isinstance(found, KafkaError) else str(found)
        raise Misconfigured(
            f"Kafka's {client} cannot be made: {text}. Look at BACKBONE_KAFKA_BOOTSTRAP and "
            "BACKBONE_KAFKA_CONFIG"
        ) from error
