"""The port to the schema registry: Confluent's API as far as the backbone needs it.

Every method may raise Transient (it did not answer, or answered 5xx: wait, nothing is wrong with
any record) and Misconfigured (it refuses us: credentials, address).
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from backbone.errors import Misconfigured

FULL_TRANSITIVE = "FULL_TRANSITIVE"


class Incompatible(Misconfigured):
    """The registry refuses a schema that earlier versions could not live with.

    `messages` say which fields. A breaking change is a new major: a new file and a new topic.
    """

    def __init__(self, subject: str, messages: Sequence[str]) -> None:
        listed = "; ".join(messages) or "the registry gives no reason"
        super().__init__(
            f"the schema of {subject} is incompatible with an earlier version: {listed}; "
            "make the change additive with a default, or start a new major version"
        )
        self.messages = tuple(messages)


class Registry(Protocol):
    """Schemas by id and by subject, as JSON texts.

    Two texts are one schema if they are equal as JSON, whatever the order of their names. Called
    at start and by the ContractWatch (`lookup`, `versions`, `compatibility`), once per schema id
    seen (`schema`), and by `backbone contracts register` (the rest); never per record.
    """

    def register(self, subject: str, schema_text: str) -> int:
        """Make it the subject's newest version; gives its id, the same id for the same schema.

        Raises Incompatible where the subject requires compatibility.
        """

    def lookup(self, subject: str, schema_text: str) -> int | None:
        """Its id if exactly this schema is registered under the subject, else None."""

    def schema(self, schema_id: int) -> str | None:
        """Give the text of an id, which never changes; None for an unknown id."""

    def schema_by_guid(self, guid: UUID) -> str | None:
        """As `schema`, by what the header framing names (`backbone.codec.framing`); None also from
        a registry that gives no GUIDs (Apicurio, Karapace), with which nobody writes that way."""

    def versions(self, subject: str) -> list[str]:
        """All registered texts, oldest first; empty for an unknown subject."""

    def compatible(self, subject: str, schema_text: str) -> list[str]:
        """Why the schema could not be registered, empty if it could. Changes nothing."""

    def require_full_transitive(self, subject: str) -> None:
        """From now on, register only what every earlier version can read and be read by.

        Without it, registries differ: Confluent checks backward, Apicurio checks nothing.
        """

    def compatibility(self, subject: str) -> str | None:
        """What the subject requires of new versions, as `FULL_TRANSITIVE`; None where nothing was
        set for it."""

    def forget(self) -> None:
        """Ask anew from now on: what was said before may have been changed by hand."""
