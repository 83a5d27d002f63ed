"""Where a cluster asks for TLS and a password: what is read by whole record batches is reached by
the operator's own settings, which are librdkafka's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backbone.errors import Misconfigured
from backbone.kafka import config
from backbone.kafka.fetch import chosen
from backbone.kafka.fetch.follower import FetchingFollower
from backbone.kafka.fetch.settings import connection_settings, unknown_settings
from cli.stack import kafka
from cli.stack.ports import HOST
from cli.stack.stack import Stack
from tests.e2e.world import free_port
from tests.integration.filled_topic import filled, numbered, values_of

pytestmark = pytest.mark.kafka

LISTENER = """\
listeners=PLAINTEXT://{{host}}:{{broker}},CONTROLLER://{{host}}:{{controller}},SAFE://{{host}}:{port}
advertised.listeners=PLAINTEXT://{{host}}:{{broker}},SAFE://{{host}}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SAFE:SASL_SSL
listener.name.safe.ssl.keystore.type=PEM
listener.name.safe.ssl.keystore.location={pem}
listener.name.safe.sasl.enabled.mechanisms=PLAIN
listener.name.safe.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
required user_reader="a secret";
"""


def certified(folder: Path) -> tuple[Path, Path]:
    """A key with its certificate, and the certificate alone: its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    both, alone = folder / "both.pem", folder / "authority.pem"
    both.write_bytes(private + certificate)
    alone.write_bytes(certificate)
    return both, alone


@pytest.fixture(scope="module")
def secured(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[config.Config]:
    """How to reach a broker that asks for both: one of its own, where a stack starts at all."""
    del stack
    folder, port = tmp_path_factory.mktemp("secured"), free_port()
    both, authority = certified(folder)
    own = Stack(folder / "stack")
    with pytest.MonkeyPatch.context() as patch:
        more = LISTENER.format(port=port, pem=both)
        patch.setattr(kafka, "PROPERTIES", kafka.PROPERTIES + more)
        own.start("kafka")
    settings = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "PLAIN",
        "sasl.username": "reader",
        "sasl.password": "a secret",
        "ssl.ca.location": str(authority),
    }
    yield config.common(f"{HOST}:{port}", settings, "secured")
    own.down()


def test_records_are_read_through_tls_with_a_password(secured: config.Config, unique: str) -> None:
    admin = filled(secured, unique, numbered(500))
    follower = chosen.follower(secured, unique, admin)
    assert isinstance(follower, FetchingFollower)
    follower.start(0, 0)
    assert values_of(follower, 500) == numbered(500)


@pytest.mark.parametrize(
    "setting",
    [
        {"sasl.mechanisms": "OAUTHBEARER", "sasl.oauthbearer.config": "principal=me"},
        {"sasl.mechanism": "GSSAPI"},
        {"ssl.keystore.location": "/a/keystore"},
        {"ssl.engine.location": "/an/engine"},
        {"security.protocol": "sasl_ssl"},  # by GSSAPI, then
        {"check.crcs": "true"},
        {"client.rack": "a"},
    ],
)
def test_settings_that_only_the_other_client_follows_are_known_as_such(
    setting: dict[str, str],
) -> None:
    base = config.common("kafka:9093", {"security.protocol": "ssl", **setting}, "x")
    assert unknown_settings(base)


def test_authorities_may_stand_in_a_folder_or_be_those_of_the_system(tmp_path: Path) -> None:
    for where in ("probe", str(tmp_path)):
        base = config.common("k:1", {"security.protocol": "ssl", "ssl.ca.location": where}, "x")
        assert connection_settings(base)["ssl_context"].check_hostname


def test_certificates_that_are_not_there_are_told_by_their_setting(tmp_path: Path) -> None:
    missing = {"security.protocol": "ssl", "ssl.ca.location": str(tmp_path / "none.pem")}
    with pytest.raises(Misconfigured, match=r"look at ssl\.ca\.location"):
        connection_settings(config.common("k:1", missing, "x"))


@pytest.mark.parametrize(
    "setting",
    [{}, {"socket.keepalive.enable": "true"}, {"sasl.mechanism": "SCRAM-SHA-512"}],
)
def test_other_settings_are_followed_or_do_not_matter(setting: dict[str, str]) -> None:
    assert not unknown_settings(config.common("kafka:9093", setting, "x"))
