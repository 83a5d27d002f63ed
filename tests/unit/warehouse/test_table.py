"""Tables as contracts call for them, letter by letter."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backbone.contracts.catalog import Contracts
from backbone.errors import Misconfigured
from backbone.warehouse.table import LINEAGE, FactTable

CONTRACTS = Contracts.load(Path(__file__).parents[3] / "avro")
PLACED = FactTable(CONTRACTS["shop.sales.OrderPlaced"])
AS_MADE = {each.name: each.type for each in PLACED.columns}

PLACED_DDL = """\
CREATE TABLE IF NOT EXISTS `sales_order_placed__rows`
(
    `_kafka_topic_id` LowCardinality(String) COMMENT 'Kafka\\'s id of the topic',
    `_kafka_topic` LowCardinality(String),
    `_kafka_partition` UInt16,
    `_kafka_offset` UInt64,
    `_event_id` String COMMENT 'unique per distinct fact of its source',
    `_source` LowCardinality(String),
    `_correlation_id` String,
    `_schema_id` UInt32 COMMENT 'of the schema registry; 0 where a header names the schema',
    `_kafka_timestamp` DateTime64(3, 'UTC') COMMENT 'when the fact was published',
    `order_id` String COMMENT 'The order\\'s number, unique in the shop.',
    `placed_at` DateTime64(6, 'UTC') COMMENT 'When the customer confirmed the order.',
    `customer_id` Nullable(String) COMMENT \
'The customer\\'s number; null for a guest. [personal data]',
    `country` String COMMENT 'Where the order is delivered to, as the shop names it.',
    `currency` String COMMENT 'ISO 4217 code of every price in the order.',
    `lines` Array(Tuple(`stock_code` String, `description` Nullable(String), `quantity` Int32, \
`unit_price` Decimal(19, 4))) COMMENT 'The articles ordered, at least one.'
)
ENGINE = ReplacingMergeTree
ORDER BY (_kafka_topic_id, _kafka_partition, _kafka_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'shop.sales.OrderPlaced: A customer placed an order in the shop.'"""


def test_a_table_is_its_contract_with_lineage_in_front() -> None:
    assert PLACED.create() == PLACED_DDL


def test_analysts_read_a_view_of_the_plain_name_without_duplicates() -> None:
    assert PLACED.view() == (
        "CREATE OR REPLACE VIEW `sales_order_placed` AS "
        "SELECT * FROM `sales_order_placed__rows` FINAL"
    )


def test_a_second_major_version_has_a_table_of_its_own() -> None:
    assert FactTable(replace(PLACED.contract, major=2)).name == "sales_order_placed_v2"


def test_facts_of_two_domains_may_have_one_name() -> None:
    names = {FactTable(each).name for each in CONTRACTS.values()}

    assert len(names) == len(CONTRACTS)
    assert {"pricing_price_changed", "sales_order_placed", "billing_invoice_issued"} < names


def with_fields(*fields: dict[str, Any]) -> FactTable:
    schema = {**PLACED.contract.schema, "fields": [*PLACED.contract.schema["fields"], *fields]}
    return FactTable(replace(PLACED.contract, schema=schema))


def test_what_is_as_the_contract_calls_for_is_left_alone() -> None:
    assert list(PLACED.changes(AS_MADE)) == []
    spaceless = {name: kind.replace(", ", ",") for name, kind in AS_MADE.items()}
    assert list(PLACED.changes(spaceless)) == []


def test_an_added_field_is_an_added_column() -> None:
    note = {"name": "note", "type": ["null", "string"], "default": None, "doc": "Why."}

    (change,) = with_fields(note).changes(AS_MADE)

    assert change == (
        "ALTER TABLE `sales_order_placed__rows` "
        "ADD COLUMN IF NOT EXISTS `note` Nullable(String) COMMENT 'Why.'"
    )


def test_a_record_inside_of_a_field_may_grow() -> None:
    older = AS_MADE | {"lines": "Array(Tuple(stock_code String, quantity Int32))"}

    (change,) = PLACED.changes(older)

    assert change.startswith("ALTER TABLE `sales_order_placed__rows` MODIFY COLUMN `lines` Array(")


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("country", "LowCardinality(String)"),
        ("placed_at", "DateTime64(3, 'UTC')"),
        ("lines", "Array(Tuple(stock_code String, weight Float64))"),
    ],
)
def test_a_changed_type_is_refused(column: str, found: str) -> None:
    with pytest.raises(Misconfigured, match="new major version"):
        PLACED.changes(AS_MADE | {column: found})


def test_a_field_that_is_named_as_lineage_is_refused() -> None:
    taken = with_fields({"name": "_source", "type": "string", "doc": "Whose."})

    with pytest.raises(Misconfigured, match="_source"):
        taken.create()


def test_every_row_begins_with_where_it_comes_from() -> None:
    for each in CONTRACTS.values():
        assert list(FactTable(each).columns[: len(LINEAGE)]) == list(LINEAGE)
