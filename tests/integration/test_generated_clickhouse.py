"""The generated DDL, run by the engine where it can be and parsed by it where it cannot."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from backbone.errors import BackboneError
from backbone.generation.catalog import ARTEFACTS
from backbone.generation.estate import Estate, Files
from backbone.warehouse.clickhouse_client import ClickHouse
from backbone.warehouse.masked_view import masked_name
from backbone.warehouse.table import FactTable
from tests.unit.generation import estates

pytestmark = pytest.mark.clickhouse
AT = datetime(2026, 1, 2, tzinfo=UTC)
ACCESS = "clickhouse/access.sql"


@pytest.fixture
def engine(clickhouse_url: str, unique: str) -> Iterator[ClickHouse]:
    made = ClickHouse(urlsplit(clickhouse_url)._replace(path=f"/{unique}").geturl())
    yield made
    made.command(f"DROP DATABASE {unique}")
    made.close()


@pytest.fixture(params=["own", "wide"])
def estate(request: pytest.FixtureRequest, tmp_path: Path) -> Estate:
    return estates.own() if request.param == "own" else estates.wide(tmp_path)


def statements(script: str) -> list[str]:
    """As they are written: each ends with a semicolon and an empty line."""
    return [each for each in re.split(r";\n(?:\n|$)", script.split("\n\n", 1)[1]) if each]


def apply(files: Files, engine: ClickHouse) -> None:
    for path, script in files.items():
        for each in statements(script) if path != ACCESS else []:
            engine.command(each)


def test_every_table_and_view_is_made_and_every_grant_is_read(
    estate: Estate, engine: ClickHouse
) -> None:
    files = ARTEFACTS["clickhouse"].make(estate)
    apply(files, engine)
    apply(files, engine)  # once more changes nothing
    _, found = engine.select("SELECT name FROM system.tables WHERE database = currentDatabase()")
    names = {name if isinstance(name, str) else name.decode() for (name,) in found}
    tables = [FactTable(each) for each in estate.facts]

    assert {name for each in tables for name in (each.name, each.rows)} < names
    assert {masked_name(each) for each in tables if each.contract.pii} < names
    granted = set(re.findall(r"ON `?(\w+)`? TO", files[ACCESS]))
    assert granted <= names
    for each in statements(files[ACCESS]):
        engine.select(f"EXPLAIN AST {each}")


def test_a_grant_that_is_none_is_found(engine: ClickHouse) -> None:
    with pytest.raises(BackboneError, match="SYNTAX_ERROR"):
        engine.select("EXPLAIN AST GRANT SELEC ON `sales_order_placed` TO analyst")


INSERT = """\
INSERT INTO shop_wide__rows (_kafka_offset, thing_id, currency, parts, spare_part, home, nicknames,
    birth_day, salary, `class`)
VALUES (1, 'b', 'EUR', [(7, 2.25, 'Ann', NULL), (8, 0.1, 'Bob', 'Eve')], [(9, 9.99, 'Joe', NULL)],
    [('Elm Street', 3)], ['Annie'], '1990-01-02', 4000, 'first'),
    (2, 'a', 'EUR', [], [], [], [], NULL, 1, 'second')"""
SHOWN = (
    *("thing_id", "currency", "class", "parts", "spare_part", "home"),
    *("nicknames", "birth_day", "salary"),
)


def test_personal_data_is_masked_wherever_it_stands(tmp_path: Path, engine: ClickHouse) -> None:
    wide = estates.wide(tmp_path)
    apply(ARTEFACTS["clickhouse"].make(wide), engine)
    engine.command(INSERT.replace("shop_wide__rows", "wide_thing_measured__rows"))

    assert rows(engine, "wide_thing_measured__masked") == [
        {
            "thing_id": "b",
            "currency": "EUR",
            "class": "first",
            "parts": "[(7,2.25,'***',NULL),(8,0.1,'***','***')]",
            "spare_part": "[(9,9.99,'***',NULL)]",
            "home": "[('***',NULL)]",
            "nicknames": "[]",
            "birth_day": "\\N",
            "salary": "\\N",
        },
        {
            "thing_id": "a",
            "currency": "EUR",
            "class": "second",
            "parts": "[]",
            "spare_part": "[]",
            "home": "[]",
            "nicknames": "[]",
            "birth_day": "\\N",
            "salary": "\\N",
        },
    ]


def test_maps_are_masked(tmp_path: Path, engine: ClickHouse) -> None:
    wide = estates.wide(tmp_path)
    apply(ARTEFACTS["clickhouse"].make(wide), engine)
    engine.command(
        "INSERT INTO wide_thing_mapped__rows (thing_id, texts, parts, secrets) VALUES "
        "('a', {'x': 'y'}, {'p': (7, 2.25, 'Ann', 'Eve')}, {'pin': '1234'})"
    )

    assert rows(engine, "wide_thing_mapped__masked", ("texts", "parts", "secrets")) == [
        {"texts": "{'x':'y'}", "parts": "{'p':(7,2.25,'***','***')}", "secrets": "{}"}
    ]


def rows(engine: ClickHouse, view: str, names: tuple[str, ...] = SHOWN) -> list[dict[str, Any]]:
    shown = ", ".join(f"ifNull(toString(`{each}`), '\\\\N')" for each in names)
    _, found = engine.select(f"SELECT {shown} FROM {view} ORDER BY _kafka_offset")
    return [
        {
            name: each.decode() if isinstance(each, bytes) else each
            for name, each in zip(names, row, strict=True)
        }
        for row in found
    ]
