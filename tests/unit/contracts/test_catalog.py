import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import TopicTerms
from backbone.errors import Misconfigured

Write = Callable[..., Path]
KEY = {"name": "thing_id", "type": "string", "doc": "Which."}


def _refused(directory: Path) -> str:
    with pytest.raises(Misconfigured) as caught:
        Contracts.load(directory)
    return str(caught.value)


def test_the_project_has_the_facts_of_a_shop(contracts: Contracts) -> None:
    assert {
        topic: [each.name for each in contracts.of_topic(topic)] for topic in contracts.topics
    } == {
        "billing.contract.v1": ["ContractSigned"],
        "billing.invoice.v1": ["InvoiceIssued"],
        "catalogue.product.v1": ["ProductDescribed"],
        "crm.customer.v1": ["CustomerChanged"],
        "fulfilment.shipment.v1": ["FulfillmentShipped"],
        "inventory.stock.v1": ["InventoryReleased", "InventoryReserved", "StockCounted"],
        "payments.payment.v1": ["PaymentAuthorized", "PaymentRefunded", "PaymentRefused"],
        "pricing.price.v1": ["PriceChanged"],
        "sales.order.v1": ["OrderCancelled", "OrderPlaced"],
    }
    assert contracts.topics["sales.order.v1"] == TopicTerms(
        "sales.order.v1", 4, "forever", "order_id"
    )
    assert contracts.of_topic("sales.nothing.v1") == ()


def test_a_contract_knows_its_names(contracts: Contracts) -> None:
    contract = contracts["shop.pricing.PriceChanged"]
    assert contract.subject == "pricing.price.v1-shop.pricing.PriceChanged"
    assert contract.ce_type == "shop.pricing.PriceChanged.v1"
    assert (contract.name, contract.namespace, contract.major) == (
        "PriceChanged",
        "shop.pricing",
        1,
    )
    assert (contract.key, contract.order) == ("stock_code", "effective_at")
    assert contract.system_of_record == "/connectors/price-list"


def test_personal_fields_are_known_by_their_paths(contracts: Contracts) -> None:
    assert contracts["shop.sales.OrderPlaced"].pii == {"customer_id"}
    assert contracts["shop.pricing.PriceChanged"].pii == frozenset()


def test_personal_fields_in_lists_and_tagged_records_are_found(write: Write) -> None:
    tagged = {"confluent:tags": ["PII"]}
    person = {"type": "record", "name": "P", "fields": [{"name": "a", "type": "int"}], **tagged}
    line = {
        "type": "record",
        "name": "L",
        "fields": [{"name": "note", "type": "string", **tagged}, {"name": "who", "type": person}],
    }
    lines = {"name": "lines", "type": {"type": "array", "items": line}}
    contracts = Contracts.load(write(fields=[KEY, lines]))
    assert contracts["test.ThingHappened"].pii == {"lines.note", "lines.who"}


def test_only_structure_documentation_tags_and_rules_are_registered(write: Write) -> None:
    field = {**KEY, "confluent:tags": ["PII"], "rules": {"maxLength": 3}, "x-ui": "wide"}
    contract = Contracts.load(write(fields=[field]))["test.ThingHappened"]
    assert json.loads(contract.registered) == {
        "type": "record",
        "name": "ThingHappened",
        "namespace": "test",
        "doc": "It happened.",
        "fields": [
            {
                "name": "thing_id",
                "type": "string",
                "doc": "Which.",
                "confluent:tags": ["PII"],
                "rules": {"maxLength": 3},
            }
        ],
    }


def test_another_owner_or_layout_registers_the_same_text(write: Write) -> None:
    first = Contracts.load(write())["test.ThingHappened"].registered
    other = write(contract={"owner": "them"}, fields=[dict(reversed(KEY.items()))])
    assert Contracts.load(other)["test.ThingHappened"].registered == first


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"contract": {"owner": ""}}, "contract.owner has a value it cannot have: name the team"),
        ({"contract": {"colour": "red"}}, "contract.colour is not known: known are topic, key"),
        ({"contract": {"partitions": True}}, "contract.partitions has a value it cannot have"),
        ({"contract": {"retention": "12h"}}, 'give "forever" or days such as "30d"'),
        ({"contract": {"topic": "things"}}, "contract.topic has a value it cannot have"),
        (
            {"contract": {"topic": "test.thing.v2"}},
            "contract.topic has another major than the file",
        ),
        ({"contract": {"key": "nothing"}}, "contract.key is no string field"),
        ({"contract": {"order": "thing_id"}}, "contract.order is no field that orders"),
        ({"fields": []}, "the record 'test.ThingHappened' has no fields"),
        ({"name": "bad-name"}, "'test.bad-name' is not a legal Avro name"),
        ({"fields": [{**KEY, "rules": {"max": 3}}]}, "thing_id has the rule 'max'; there are"),
        ({"fields": [{**KEY, "default": 5}]}, "thing_id has a default that does not fit"),
        ({"fields": [{**KEY, "type": ["null", "string"]}]}, "contract.key is no string field"),
    ],
)
def test_a_contract_that_cannot_be_used_is_refused_with_field_and_reason(
    write: Write, changes: dict[str, Any], expected: str
) -> None:
    message = _refused(write(**changes))
    assert "thing_happened.v1.avsc: " in message
    assert expected in message


def test_all_problems_of_all_files_are_named_at_once(write: Write) -> None:
    write(contract={"owner": "", "partitions": 0})
    (write() / "broken.v1.avsc").write_text("{")
    directory = write(contract={"owner": "", "partitions": 0})
    message = _refused(directory)
    assert [line.split(": ")[0].strip() for line in message.splitlines()[1:]] == [
        "broken.v1.avsc",
        "thing_happened.v1.avsc",
        "thing_happened.v1.avsc",
    ]


def test_a_missing_attribute_says_what_to_give(write: Write) -> None:
    path = write() / "thing_happened.v1.avsc"
    schema = json.loads(path.read_text())
    del schema["contract"]["system_of_record"]
    path.write_text(json.dumps(schema))
    assert (
        "contract.system_of_record is missing: "
        'give the one ce_source that may publish it, such as "/services/shop"'
    ) in _refused(path.parent)


def test_facts_of_one_topic_agree_on_partitions_retention_and_key(write: Write) -> None:
    write(contract={"partitions": 2})
    other = {"partitions": 3, "retention": "forever", "key": "id"}
    fields = [{"name": "id", "type": "string"}]
    message = _refused(write("undone.v1.avsc", other, name="Undone", fields=fields))
    for name in ("partitions", "retention", "key"):
        assert (
            f"undone.v1.avsc: contract.{name} differs from thing_happened.v1.avsc, "
            "which shares the topic test.thing.v1"
        ) in message


def test_one_type_is_defined_by_one_file(write: Write) -> None:
    write()
    message = _refused(write("thing_happened.v2.avsc", {"topic": "test.thing.v2"}))
    assert "thing_happened.v2.avsc: name is defined in thing_happened.v1.avsc too" in message


def test_a_file_named_otherwise_is_refused(write: Write) -> None:
    assert "thing.avsc: is named otherwise: name it <fact_name>.v<major>.avsc" in _refused(
        write("thing.avsc")
    )


def test_a_directory_without_contracts_is_refused(tmp_path: Path) -> None:
    assert "holds no contract" in _refused(tmp_path)
