"""Who is granted what: personal data and restricted facts reach nobody by accident."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.warehouse.access import access
from backbone.warehouse.table import FactTable

CONTRACTS = Contracts.load(Path(__file__).parents[3] / "avro")
PLACED = CONTRACTS["shop.sales.OrderPlaced"]
PRICE = CONTRACTS["shop.pricing.PriceChanged"]
NOTE = {"complete_up_to", "complete_up_to__rows"}


def readable(role: str, *contracts: Contract) -> set[str]:
    found = [
        re.fullmatch(r"GRANT SELECT ON `?(\w+)`? TO (.*)", each)
        for each in access([FactTable(each) for each in contracts])
    ]
    return {each[1] for each in found if each and role in each[2].split(", ")}


def test_analysts_read_personal_data_masked() -> None:
    assert readable("backbone_analyst", PLACED, PRICE) == NOTE | {
        "sales_order_placed__masked",
        "pricing_price_changed",
        "pricing_price_changed__rows",
    }


def test_personal_data_has_a_role_of_its_own() -> None:
    assert readable("backbone_personal", PLACED) == NOTE | {
        "sales_order_placed",
        "sales_order_placed__masked",
        "sales_order_placed__rows",
    }


def test_a_restricted_fact_is_for_its_own_role_alone() -> None:
    secret = replace(PRICE, classification="restricted")

    assert readable("backbone_analyst", secret) == NOTE
    assert readable("backbone_personal", secret) == NOTE
    assert readable("backbone_restricted", secret, PLACED) == NOTE | {
        "pricing_price_changed",
        "pricing_price_changed__rows",
    }


def test_what_was_granted_before_is_taken_back_first() -> None:
    statements = list(access([FactTable(PLACED)]))

    assert positions(statements, "REVOKE") < positions(statements, "GRANT")
    assert {each.split()[-1] for each in statements if each.startswith("REVOKE")} == {
        each.split()[-1] for each in statements if each.startswith("CREATE ROLE")
    }


def positions(statements: Iterable[str], word: str) -> list[int]:
    return [at for at, each in enumerate(statements) if each.startswith(word)]
