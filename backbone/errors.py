"""Errors, named by what the caller must do.

    BackboneError
    ├── Transient      wait, then try the same again         (a service is away)
    ├── Poison         dead-letter this one record, go on    (it will never succeed)
    └── Fatal          stop the process                      (going on could lose or reorder facts)
        ├── Fenced     somebody else owns the work now
        └── Misconfigured   settings, contracts or services do not fit together

A message says what happened, where, and what to do next. It never quotes a payload.
"""

from collections.abc import Sequence
from enum import StrEnum


class BackboneError(Exception):
    """Every error this project raises on purpose."""


class Transient(BackboneError):
    """A service did not answer. Nothing is wrong with the record: wait in place and try again.

    `retry_after_seconds` is a hint of the service's own; None leaves the pace to the caller.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PoisonReason(StrEnum):
    """Why one input can never succeed. A closed set and a public contract: `dlq.error.code`."""

    BAD_FRAME = "bad_frame"  # no Confluent frame: wrong magic byte or shorter than five bytes
    UNKNOWN_SCHEMA = "unknown_schema"  # the registry does not know the schema id
    SCHEMA_REFUSED = "schema_refused"  # recursive, zero-width items, or not Avro
    UNDECODABLE = "undecodable"  # the payload is damaged or truncated
    TRAILING_BYTES = "trailing_bytes"  # bytes are left over behind the payload
    OUT_OF_DOMAIN = "out_of_domain"  # decodes, but outside docs/value-domain.md
    UNEXPECTED_FACT = "unexpected_fact"  # a record type that this topic does not carry
    UNPARSABLE = "unparsable"  # the source row is not readable text, CSV or JSON
    INVALID = "invalid"  # the row breaks its contract: fields missing, of a wrong type or value
    NOT_OWNER = "not_owner"  # the contract names another system of record
    TOO_LARGE = "too_large"  # larger than the topic takes
    BAD_KEY = "bad_key"  # no key, or not UTF-8
    HANDLER_FAILED = "handler_failed"  # the handler or fold raised
    HOLD_FULL = "hold_full"  # it stands behind a dead letter, where no more facts are held


class Poison(BackboneError):
    """This input can never succeed. It goes to the dead letters, byte for byte, and work goes on.

    `violations` names every problem found, not the first: "field: what", without payload values.
    """

    def __init__(self, reason: PoisonReason, message: str, violations: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.violations = tuple(violations)


class Fatal(BackboneError):
    """Going on could lose, double or reorder facts: stop. The message has the remedy."""


class Fenced(Fatal):
    """Another process has taken this work over. Nothing more may be written by this one."""


class Misconfigured(Fatal):
    """Settings, contracts and services do not fit together; found before the first message."""
