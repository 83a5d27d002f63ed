"""How to reach brokers, from the operator's own settings: those of librdkafka, told to aiokafka."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backbone.errors import Misconfigured
from backbone.kafka.config import Config

_PROTOCOL, _DEFAULT_PROTOCOL = "security.protocol", "plaintext"
_SASL = {
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
}
_MECHANISMS = ("sasl.mechanisms", "sasl.mechanism")
_KNOWN_MECHANISMS = frozenset({"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"})
_AUTHORITIES, _HOSTNAMES, _VERIFIED = (
    "ssl.ca.location",
    "ssl.endpoint.identification.algorithm",
    "enable.ssl.certificate.verification",
)
_CERTIFICATE, _KEY, _KEY_PASSWORD = (
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.key.password",
)
_KNOWN = frozenset(
    {
        *(_PROTOCOL, *_SASL, *_MECHANISMS),
        *(_AUTHORITIES, _HOSTNAMES, _VERIFIED, _CERTIFICATE, _KEY, _KEY_PASSWORD),
    }
)
_NOT_FOLLOWED = frozenset({"check.crcs", "client.rack"})
_OF_CONNECTIONS = ("ssl.", "sasl.", "security.", "enable.ssl.", "enable.sasl.", "oauth")


def unknown_settings(base: Config) -> list[str]:
    """Settings of how brokers are reached that only confluent-kafka follows: whoever has one of
    them reads with it."""
    found = [each for each in base if each.startswith(_OF_CONNECTIONS) and each not in _KNOWN]
    found += _NOT_FOLLOWED.intersection(base)
    mechanism = _mechanism(base) or ("GSSAPI" if "SASL" in _protocol(base) else "PLAIN")
    if mechanism not in _KNOWN_MECHANISMS:
        found += [each for each in _MECHANISMS if each in base] or [_PROTOCOL]
    return sorted(found)


def connection_settings(base: Config) -> dict[str, Any]:
    """What `aiokafka.conn.create_conn` takes. Raises Misconfigured."""
    protocol = _protocol(base)
    made: dict[str, Any] = {"client_id": base["client.id"], "security_protocol": protocol}
    if "SASL" in protocol:
        made["sasl_mechanism"] = _mechanism(base)
        made |= {theirs: base.get(ours) for ours, theirs in _SASL.items()}
    if "SSL" in protocol:
        made["ssl_context"] = _ssl_context(base)
    return made


def _protocol(base: Mapping[str, Any]) -> str:
    return str(base.get(_PROTOCOL, _DEFAULT_PROTOCOL)).upper()


def _mechanism(base: Mapping[str, Any]) -> str:
    return next((str(base[each]).upper() for each in _MECHANISMS if each in base), "")


def _trusting(where: str | None) -> ssl.SSLContext:
    """A file, a folder, or what the system trusts ("probe")."""
    if where is None or where == "probe":
        return ssl.create_default_context()
    if Path(where).is_dir():
        return ssl.create_default_context(capath=where)
    return ssl.create_default_context(cafile=where)


def _ssl_context(base: Mapping[str, Any]) -> ssl.SSLContext:
    try:
        context = _trusting(base.get(_AUTHORITIES))
        if base.get(_CERTIFICATE):
            context.load_cert_chain(base[_CERTIFICATE], base.get(_KEY), base.get(_KEY_PASSWORD))
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(
            f"the certificates of BACKBONE_KAFKA_CONFIG cannot be used ({type(error).__name__}): "
            f"look at {_AUTHORITIES}, {_CERTIFICATE} and {_KEY}"
        ) from error
    if str(base.get(_HOSTNAMES, "https")).lower() == "none":
        context.check_hostname = False
    if str(base.get(_VERIFIED, "true")).lower() == "false":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
