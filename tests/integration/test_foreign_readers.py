"""What others see of us, by tools that know nothing of us: kcat, Apache Avro, CloudEvents' SDK.

kcat is Debian's package; where it is missing its tests skip, and fail in CI.
"""

import io
import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from avro.io import BinaryDecoder, DatumReader
from avro.schema import parse
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat

from backbone.codec.codec import Codec
from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.envelope import to_headers
from backbone.fact import Envelope, Fact
from backbone.kafka import config
from backbone.kafka.admin import KafkaTopicAdmin
from backbone.kafka.publisher import KafkaAppender
from backbone.log import Message, TopicSpec
from backbone.partitioner import partition_of
from backbone.record import Header
from backbone.registry.confluent import ConfluentRegistry
from backbone.registry.port import Incompatible
from backbone.settings import REPOSITORY
from cli.stack.stack import Endpoints
from tests.integration.shop_facts import AT, FACTS

CONTRACTS = Contracts.load(REPOSITORY / "avro")


@dataclass(frozen=True)
class Published:
    """A fact of ours, and the bytes we made of it."""

    fact: Fact
    contract: Contract
    value: bytes
    headers: Sequence[Header]

    @property
    def schema_id(self) -> int:
        return int.from_bytes(self.value[1:5], "big")


@pytest.fixture(scope="module")
def registry(endpoints: Endpoints) -> Iterator[ConfluentRegistry]:
    made = ConfluentRegistry(endpoints.registry_url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def published(registry: ConfluentRegistry) -> list[Published]:
    for contract in CONTRACTS.values():
        registry.register(contract.subject, contract.registered)
    codec = Codec(CONTRACTS, registry)
    codec.check(list(CONTRACTS))
    return [
        _published(codec, CONTRACTS[name], data, number)
        for name, facts in FACTS.items()
        for number, data in enumerate(facts)
    ]


def _published(codec: Codec, contract: Contract, data: dict[str, Any], number: int) -> Published:
    envelope = Envelope(
        id=f"a389f351-96a0-5d28-842e-09482fe3860{number}",
        source=contract.system_of_record,
        time=AT,
        sequence=f"{number:020d}",
        subject=None if number else "a subject",
        correlation_id="flow-7",
        causation_id=None if number else "cause-1",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    fact = Fact(contract.type, data[contract.key], data, envelope)
    return Published(fact, contract, codec.encode(fact), to_headers(envelope, contract.ce_type))


def test_there_is_a_fact_of_every_contract() -> None:
    assert sorted(FACTS) == sorted(CONTRACTS)


# kcat


@pytest.fixture(scope="module")
def kcat() -> str:
    found = shutil.which("kcat")
    if found is None and os.environ.get("CI"):
        pytest.fail("kcat is not installed: apt-get install kcat")
    if found is None:
        pytest.skip("kcat is not installed: apt-get install kcat")
    return str(found)


@dataclass(frozen=True)
class Seen:
    """One record, as kcat prints it."""

    partition: int
    key: str
    headers: str
    value: bytes


# The length of the value in four bytes before it: it holds any byte.
SHOW = r"%p\n%k\n%h\n%R%s"


def _seen(output: bytes) -> Iterator[Seen]:
    stream = io.BytesIO(output)
    while partition := stream.readline():
        key, headers = stream.readline(), stream.readline()
        [length] = struct.unpack(">i", stream.read(4))
        value = stream.read(length)
        yield Seen(int(partition), _line(key), _line(headers), value)


def _line(read: bytes) -> str:
    return read.decode().removesuffix("\n")


@pytest.mark.kafka
def test_kcat_reads_our_topics(
    kcat: str, endpoints: Endpoints, published: list[Published], unique: str
) -> None:
    base = config.common(endpoints.kafka_bootstrap, {}, unique)
    KafkaTopicAdmin(base).create(TopicSpec(unique, 4))
    appender = KafkaAppender(base)
    appender.append(
        [Message(unique, each.fact.key.encode(), each.value, each.headers) for each in published]
    )
    appender.close()
    command = [kcat, "-C", "-q", "-b", endpoints.kafka_bootstrap, "-t", unique]
    ended = subprocess.run(
        [*command, "-o", "beginning", "-e", "-f", SHOW], capture_output=True, check=True, timeout=60
    )
    assert sorted(_seen(ended.stdout), key=repr) == sorted(map(_expected, published), key=repr)


def _expected(each: Published) -> Seen:
    headers = ",".join(f"{name}={(value or b'').decode()}" for name, value in each.headers)
    key = each.fact.key
    return Seen(partition_of(key.encode(), 4), key, headers, each.value)


# Apache Avro


@pytest.mark.registry
def test_apache_avro_decodes_our_payloads_by_the_registrys_schema(
    endpoints: Endpoints, published: list[Published]
) -> None:
    for each in published:
        said = httpx.get(f"{endpoints.registry_url}/schemas/ids/{each.schema_id}").json()
        payload = io.BytesIO(each.value[5:])
        found = DatumReader(parse(said["schema"])).read(BinaryDecoder(payload))
        assert found == each.fact.data
        assert payload.read() == b""


def test_the_frame_is_a_zero_byte_and_the_id(
    registry: ConfluentRegistry, published: list[Published]
) -> None:
    for each in published:
        assert each.value[0] == 0
        assert each.schema_id == registry.lookup(each.contract.subject, each.contract.registered)


# CloudEvents


def test_the_cloudevents_sdk_parses_our_headers(published: list[Published]) -> None:
    for each in published:
        headers = {name: value or b"" for name, value in each.headers}
        message = KafkaMessage(headers, each.fact.key.encode(), each.value)
        event = from_binary(message, JSONFormat())
        envelope = each.fact.envelope
        expected = {
            "specversion": "1.0",
            "id": envelope.id,
            "source": envelope.source,
            "type": each.contract.ce_type,
            "time": AT,
            "sequence": envelope.sequence,
            "subject": envelope.subject,
            "correlationid": envelope.correlation_id,
            "causationid": envelope.causation_id,
            "partitionkey": each.fact.key,
        }
        assert event.get_attributes() == {
            name: value for name, value in expected.items() if value is not None
        }
        assert event.get_data() == each.value


# the registry


def _with(contract: Contract, fields: list[dict[str, Any]]) -> str:
    return json.dumps({**json.loads(contract.registered), "fields": fields})


def _breaking(contract: Contract) -> dict[str, tuple[str, str]]:
    """What breaks readers of one version or the other: a name, the schema, the field."""
    fields: list[dict[str, Any]] = json.loads(contract.registered)["fields"]
    first, *others = fields
    new = {"name": "added", "type": "string", "doc": "New."}
    return {
        "a field without default is added": (_with(contract, [*fields, new]), "added"),
        "a field without default is gone": (_with(contract, others), first["name"]),
        "a field has another type": (
            _with(contract, [{**first, "type": "long"}, *others]),
            first["name"],
        ),
        "a field has another name": (
            _with(contract, [{**first, "name": "renamed"}, *others]),
            "renamed",
        ),
    }


BREAKING = [
    pytest.param(contract, text, field, id=f"{name}: {what}")
    for name, contract in CONTRACTS.items()
    for what, (text, field) in _breaking(contract).items()
]


@pytest.mark.registry
@pytest.mark.parametrize(("contract", "text", "field"), BREAKING)
def test_the_registry_refuses_a_breaking_version(
    registry: ConfluentRegistry,
    endpoints: Endpoints,
    unique: str,
    contract: Contract,
    text: str,
    field: str,
) -> None:
    subject = f"{unique}-{contract.subject}"
    registry.require_full_transitive(subject)
    registry.register(subject, contract.registered)

    answer = httpx.post(
        f"{endpoints.registry_url}/subjects/{subject}/versions",
        json={"schema": text},
        headers={"content-type": "application/vnd.schemaregistry.v1+json"},
    )
    assert (answer.status_code, len(registry.versions(subject))) == (409, 1)
    with pytest.raises(Incompatible, match=field) as caught:
        registry.register(subject, text)
    assert subject in str(caught.value)
