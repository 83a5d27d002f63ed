"""confluent-kafka's errors end here, translated by one table, most specific first."""

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
_SILENT = {
    KafkaError._TIMED_OUT,  # noqa: SLF001
    KafkaError._MSG_TIMED_OUT,  # noqa: SLF001
    KafkaError._TRANSPORT,  # noqa: SLF001
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
    KafkaError._RESOLVE,  # noqa: SLF001
}


def translate(error: KafkaError | KafkaException, doing: str) -> BackboneError:
    """Name the error by what the caller must do. `doing` completes "while …": what, and where.

    What the table does not name is Transient: its outcome is unknown, and trying the same again
    from the last known position is always safe here.
    """
    found = error.args[0] if isinstance(error, KafkaException) else error
    if not isinstance(found, KafkaError):
        return Fatal(f"Kafka failed while {doing}: {found}")
    code, text = found.code(), f"Kafka failed while {doing}: {found.str()} ({found.name()})"
    if code in _FENCED:
        return Fenced(f"{text}. Another process has taken over: this one stops")
    if code in _REFUSED:
        return Misconfigured(f"{text}. Check the credentials and the access rights")
    if code in _MISSING:
        return Misconfigured(f"{text}. Run `backbone topics plan`, then `backbone topics apply`")
    if code in _TOO_LARGE:
        return Fatal(f"{text}. Raise max.message.bytes of the topic: `backbone topics plan`")
    if code in _SILENT:
        text = (
            f"Kafka did not answer while {doing} ({found.name()}): "
            "check that it runs and that this is its address"
        )
    return Transient(text)
