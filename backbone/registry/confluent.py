"""The registry over HTTP, by Confluent's own client: Confluent, Apicurio and Karapace answer it.

The only module that imports the client. It brings credentials, TLS and several addresses; three of
its habits end here: its retries (our callers wait, and may be told to stop), the exceptions of the
HTTP library beneath it, and that it throws away why a schema is incompatible (asked again offline).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Schema,
    SchemaRegistryClient,
    ServerConfig,
)
from confluent_kafka.schema_registry.error import OAuthTokenError, SchemaRegistryError
from httpx2 import HTTPError

from backbone.errors import BackboneError, Misconfigured, Transient
from backbone.registry.compatibility import full_transitive
from backbone.registry.port import Incompatible

# A registry answers in milliseconds; whoever asks holds a partition and must come back to poll.
TIMEOUT_SECONDS = 5.0
_FULL_TRANSITIVE = ServerConfig(compatibility=ConfigCompatibilityLevel.FULL_TRANSITIVE)
_UNAUTHORIZED = frozenset({401, 403})
# No such subject, version, schema. A bare 404 is no registry's answer: taken for one, a wrong
# address or a proxy without a backend would turn every record into a dead letter.
_NOT_FOUND = frozenset({40401, 40402, 40403})
_NOT_CONFIGURED = frozenset({40401, 40408})
_NO_SUCH_PATH = 404
_CONFLICT = 409
_UNPROCESSABLE = 422
# What the client makes of a 200 that is a proxy's page, or JSON of another kind.
_NO_ANSWER = (ValueError, TypeError, KeyError, AttributeError)
_BUSY = frozenset({408, 429})
_SERVER_ERROR = 500


class ConfluentRegistry:
    """`options` are the client's own: basic.auth.user.info, ssl.ca.location, ..."""

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        self._url = _without_credentials(url)  # for messages
        settings = {"timeout": TIMEOUT_SECONDS, "max.retries": 0, **(options or {}), "url": url}
        try:
            self._client = SchemaRegistryClient(settings)
        except (ValueError, TypeError, OSError) as error:
            raise Misconfigured(f"the schema registry's settings are wrong: {error}") from error

    def register(self, subject: str, schema_text: str) -> int:
        try:
            with self._translated():
                return self._client.register_schema(subject, _avro(schema_text))
        except _Refused as refused:
            if refused.status == _CONFLICT:
                why = self._why(subject, schema_text, str(refused))
                raise Incompatible(subject, why) from refused
            raise

    def lookup(self, subject: str, schema_text: str) -> int | None:
        try:
            with self._translated():
                found = self._client.lookup_schema(subject, _avro(schema_text))
        except _Refused as refused:
            if refused.code in _NOT_FOUND:
                return None
            raise
        return found.schema_id

    def schema(self, schema_id: int) -> str | None:
        return self._text(lambda: self._client.get_schema(schema_id))

    def schema_by_guid(self, guid: UUID) -> str | None:
        try:
            return self._text(lambda: self._client.get_schema_by_guid(str(guid)))
        except _Refused as refused:
            # a 404 without a code is no answer to the question; is it a registry that said so?
            if refused.status == _NO_SUCH_PATH and self._is_registry():
                return None
            raise

    def _is_registry(self) -> bool:
        try:
            with self._translated():
                return "AVRO" in self._client.get_schema_types()
        except _Refused:
            return False

    def _text(self, ask: Callable[[], Schema]) -> str | None:
        try:
            with self._translated():
                text = ask().schema_str
        except _Refused as refused:
            if refused.code in _NOT_FOUND:
                return None
            raise
        if text is None:  # an answer without a schema, which the client has kept by now
            self._client.clear_caches()
            raise self._away("an answer without a schema")
        return text

    def versions(self, subject: str) -> list[str]:
        try:
            with self._translated():
                numbers = self._client.get_versions(subject)
                found = [self._client.get_version(subject, number) for number in sorted(numbers)]
        except _Refused as refused:
            if refused.code in _NOT_FOUND:
                return []
            raise
        return [each.schema.schema_str or "" for each in found if each.schema]

    def compatible(self, subject: str, schema_text: str) -> list[str]:
        invalid = full_transitive([], schema_text)
        if invalid or not self.versions(subject):  # registries answer 404 for a new subject
            return invalid
        try:
            with self._translated():
                fits = self._client.test_compatibility_all_versions(subject, _avro(schema_text))
        except _Refused as refused:
            if refused.status == _UNPROCESSABLE:  # stricter than the reference: defaults that fit
                return [str(refused)]
            raise
        said = "the registry refuses it and does not say why"
        return [] if fits else self._why(subject, schema_text, said)

    def require_full_transitive(self, subject: str) -> None:
        with self._translated():
            self._client.set_config(subject, _FULL_TRANSITIVE)

    def compatibility(self, subject: str) -> str | None:
        try:
            with self._translated():
                found = self._client.get_config(subject)
        except _Refused as refused:
            if refused.code in _NOT_CONFIGURED:
                return None
            raise
        level = found.compatibility_level or found.compatibility
        return None if level is None else str(getattr(level, "value", level))

    def forget(self) -> None:
        self._client.clear_caches()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _why(self, subject: str, schema_text: str, said: str) -> list[str]:
        """In words that name the fields: registries say "/fields/2", or nothing."""
        return full_transitive(self.versions(subject), schema_text) or [said]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SchemaRegistryError as error:
            raise self._error(error) from error
        except (HTTPError, OAuthTokenError, *_NO_ANSWER) as error:
            raise self._away(type(error).__name__) from error

    def _away(self, why: str) -> Transient:
        return Transient(
            f"the schema registry at {self._url} does not answer ({why}): "
            "check that it runs and that this is its address"
        )

    def _error(self, error: SchemaRegistryError) -> BackboneError:
        status = error.http_status_code
        if status in _UNAUTHORIZED:
            return Misconfigured(
                f"the schema registry at {self._url} refuses our credentials ({status}): "
                "check user and password in BACKBONE_REGISTRY_URL (http://user:password@host)"
            )
        if status >= _SERVER_ERROR or status in _BUSY:
            return Transient(f"the schema registry at {self._url} answers {status}")
        return _Refused(self._url, error)


class _Refused(Misconfigured):
    """An answer of 4xx: what was asked is wrong, unless the caller knows better."""

    def __init__(self, url: str, error: SchemaRegistryError) -> None:
        super().__init__(
            f"the schema registry at {url} refuses ({error.http_status_code}): "
            f"{error.error_message}; check what was asked, and that this is a registry's address"
        )
        self.status = error.http_status_code
        self.code = error.error_code


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _avro(schema_text: str) -> Schema:
    return Schema(schema_text, "AVRO")
