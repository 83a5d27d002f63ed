"""What catalogs of others are told, where no validator of theirs would notice a mistake."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import yaml

from backbone.contracts.catalog import Contracts
from backbone.envelope import to_headers
from backbone.fact import Envelope
from backbone.generation.asyncapi import HEADERS
from backbone.generation.catalog import ARTEFACTS
from backbone.generation.estate import Estate, ViewTerms
from tests.unit.generation.estates import own

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def events(estate: Estate) -> list[dict[str, Any]]:
    text = ARTEFACTS["openlineage"].make(estate)["openlineage.ndjson"]
    return [json.loads(line) for line in text.splitlines()]


def lineage(estate: Estate, name: str) -> dict[str, Any]:
    [found] = [each for each in events(estate) if each.get("dataset", {}).get("name") == name]
    facet: dict[str, Any] = found["dataset"]["facets"]["columnLineage"]
    return facet


def test_the_envelope_is_told_as_it_is_sent() -> None:
    least = Envelope("1", "/s", NOW, "2")
    most = replace(
        least, subject="a", correlation_id="b", causation_id="c", traceparent="d", tracestate="e"
    )

    assert [name for name, _ in to_headers(least, "t")] == [
        name for name, (always, _) in HEADERS.items() if always
    ]
    assert [name for name, _ in to_headers(most, "t")] == list(HEADERS)


def test_a_column_of_a_table_comes_from_its_fact() -> None:
    found = lineage(own(), "backbone.sales_order_placed")["fields"]["country"]["inputFields"]

    assert found == [
        {
            "namespace": "kafka://kafka.example:9092",
            "name": "sales.order.v1",
            "field": "OrderPlaced.country",
            "transformations": [{"type": "DIRECT", "subtype": "IDENTITY"}],
        }
    ]


def test_a_masked_column_says_so() -> None:
    fields = lineage(own(), "backbone.sales_order_placed__masked")["fields"]
    masked = [
        name
        for name, each in fields.items()
        if each["inputFields"][0]["transformations"][0].get("masking")
    ]

    assert masked == ["customer_id"]


def test_a_field_of_a_view_comes_from_where_it_says() -> None:
    fields = lineage(own(), "prices.v1")["fields"]

    assert {
        name: [each["field"] for each in made["inputFields"]] for name, made in fields.items()
    } == {
        "stock_code": ["PriceChanged.stock_code"],
        "price": ["PriceChanged.price"],
    }


def test_a_view_that_does_not_say_where_its_fields_come_from_reads_as_a_whole() -> None:
    reads = {"shop.pricing.PriceChanged": ("price",)}
    view = ViewTerms("quiet", 2, "pricing.price.v1", "Quiet.", reads, {})
    found = lineage(replace(own(), views=[view]), "quiet.v2")

    assert found["fields"] == {}
    assert [each["field"] for each in found["dataset"]] == ["PriceChanged.price"]


def test_a_manifest_has_the_topics_own_settings() -> None:
    text = ARTEFACTS["kafkatopics"].make(own())["kafkatopics.yaml"]
    found = {each["spec"]["topicName"]: each["spec"] for each in yaml.safe_load_all(text)}

    assert found.keys() == {each.name for each in own().topics}
    assert found["sales.order.v1"] == {
        "topicName": "sales.order.v1",
        "partitions": 4,
        "config": {
            "cleanup.policy": "delete",
            "max.message.bytes": 1048576,
            "message.timestamp.type": "LogAppendTime",
            "retention.bytes": -1,
            "retention.ms": -1,
        },
    }


def test_a_data_contract_says_who_owns_what_and_which_fields_are_personal() -> None:
    text = ARTEFACTS["odcs"].make(own())["shop.sales.OrderPlaced.odcs.yaml"]
    found = yaml.safe_load(text)
    tagged = [
        each["name"] for each in found["schema"][0]["properties"] if "pii" in each.get("tags", [])
    ]

    terms = {each["property"]: each["value"] for each in found["customProperties"]}
    assert terms["erasureSubject"] == "customer_id"
    assert found["team"] == {"name": "shop-team"}
    assert found["slaProperties"] == [{"property": "latency", "value": 10, "unit": "s"}]
    assert tagged == ["customer_id"]


def test_a_data_contract_says_when_its_support_ends() -> None:
    here = own()
    placed = replace(here.contracts["shop.sales.OrderPlaced"], sunset="2027-06-30")
    ending = replace(here, contracts=Contracts({placed.type: placed}))
    [text] = ARTEFACTS["odcs"].make(ending).values()

    assert {"property": "endOfSupport", "value": "2027-06-30"} in yaml.safe_load(text)[
        "slaProperties"
    ]
