"""The rules by which the sample becomes a price list and orders, each by hand."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "online-retail"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("online_retail_prepare", EXAMPLE / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its own module up
    spec.loader.exec_module(module)
    return module


script = _loaded()


def prices(*rows: str) -> list[tuple[str, ...]]:
    return list(script.price_changes(script.read_lines([HEADER, *rows])))


def events(*rows: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = script.shop_events(script.read_lines([HEADER, *rows]))
    return found


def test_the_price_list_has_one_row_per_change_in_order_of_date_and_then_of_the_file() -> None:
    assert prices(
        "3,85123A,X,1,2010-12-03 10:00:00,2.95,,UK\n",
        "1,85123A,X,1,2010-12-01 10:00:00,2.55,,UK\n",
        "2,85123A,X,1,2010-12-02 10:00:00,2.55,,UK\n",
        "4,85123A,X,1,2010-12-03 10:00:00,2.55,,UK\n",
        "1,POST,X,1,2010-12-01 10:00:00,18.0,,UK\n",
    ) == [
        ("85123A", "2.55", "GBP", "2010-12-01T10:00:00Z"),
        ("POST", "18.0", "GBP", "2010-12-01T10:00:00Z"),
        ("85123A", "2.95", "GBP", "2010-12-03T10:00:00Z"),
        ("85123A", "2.55", "GBP", "2010-12-03T10:00:00Z"),
    ]


def test_a_price_of_zero_or_below_and_one_of_a_cancellation_are_changes_too() -> None:
    assert prices(
        "1,a,X,1,2010-12-01 10:00:00,0.0,,UK\n",
        "A2,a,X,1,2010-12-02 10:00:00,-11062.06,,UK\n",
        "C3,a,X,-1,2010-12-03 10:00:00,1.5,,UK\n",
    ) == [
        ("a", "0.0", "GBP", "2010-12-01T10:00:00Z"),
        ("a", "-11062.06", "GBP", "2010-12-02T10:00:00Z"),
        ("a", "1.5", "GBP", "2010-12-03T10:00:00Z"),
    ]


def test_the_same_price_written_otherwise_is_no_change() -> None:
    assert prices(
        "1,a,X,1,2010-12-01 10:00:00,2.5,,UK\n", "2,a,X,1,2010-12-02 10:00:00,2.50,,UK\n"
    ) == [("a", "2.5", "GBP", "2010-12-01T10:00:00Z")]


def test_an_invoice_is_one_order_with_its_lines_at_its_earliest_date() -> None:
    assert events(
        "536365,85123A,HOLDER ,6,2010-12-01 08:28:00,2.55,17850.0,United Kingdom\n",
        "536366,71053,,1,2010-12-01 08:27:30,3.39,,EIRE\n",
        '536365,84406b,"CUPID, RED",8,2010-12-01 08:27:00,2.0,17850.0,United Kingdom\n',
    ) == [
        {
            "type": "OrderPlaced",
            "order_id": "536365",
            "placed_at": "2010-12-01T08:27:00Z",
            "customer_id": "17850",
            "country": "United Kingdom",
            "currency": "GBP",
            "lines": [
                {
                    "stock_code": "85123A",
                    "description": "HOLDER ",
                    "quantity": 6,
                    "unit_price": "2.55",
                },
                {
                    "stock_code": "84406b",
                    "description": "CUPID, RED",
                    "quantity": 8,
                    "unit_price": "2.0",
                },
            ],
        },
        {
            "type": "OrderPlaced",
            "order_id": "536366",
            "placed_at": "2010-12-01T08:27:30Z",
            "customer_id": None,
            "country": "EIRE",
            "currency": "GBP",
            "lines": [
                {"stock_code": "71053", "description": None, "quantity": 1, "unit_price": "3.39"}
            ],
        },
    ]


def test_a_leading_c_makes_a_cancellation_of_the_number_as_written() -> None:
    assert events("C536400,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom\n") == [
        {
            "type": "OrderCancelled",
            "order_id": "C536400",
            "cancelled_at": "2010-12-01T09:41:00Z",
            "reason": None,
        }
    ]


def test_another_leading_letter_makes_an_order() -> None:
    placed = events("A563185,B,Adjust bad debt,1,2011-08-12 14:50:00,11062.06,,UK\n")

    assert [(each["type"], each["order_id"]) for each in placed] == [("OrderPlaced", "A563185")]


def test_a_good_order_whose_number_is_divisible_by_40_is_cancelled_some_time_after() -> None:
    found = events(
        "536400,a,X,1,2010-12-01 10:00:00,1.0,,UK\n",
        "536401,a,X,1,2010-12-02 10:00:00,1.0,,UK\n",
        "536440,a,X,1,2010-12-03 10:00:00,1.0,,UK\n",
        "536440,b,X,0,2010-12-03 10:00:00,1.0,,UK\n",
        "536480,a,X,1,2010-12-04 10:00:00,0.0,,UK\n",
    )

    assert [(each["type"], each["order_id"]) for each in found] == [
        ("OrderPlaced", "536400"),
        ("OrderPlaced", "536401"),
        ("OrderCancelled", "536400"),
        ("OrderPlaced", "536440"),
        ("OrderPlaced", "536480"),
    ]
    assert found[2]["cancelled_at"] == "2010-12-02T22:00:00Z"


def test_the_dates_are_london_time_in_winter_and_in_summer() -> None:
    assert [
        effective_at
        for _, _, _, effective_at in prices(
            "1,a,X,1,2011-03-26 10:00:00,1.0,,UK\n",
            "2,a,X,1,2011-03-27 10:00:00,2.0,,UK\n",
            "3,a,X,1,2011-07-01 00:30:00,3.0,,UK\n",
            "4,a,X,1,2011-10-30 10:00:00,4.0,,UK\n",
        )
    ] == [
        "2011-03-26T10:00:00Z",
        "2011-03-27T09:00:00Z",
        "2011-06-30T23:30:00Z",
        "2011-10-30T10:00:00Z",
    ]


def test_what_is_not_the_sample_is_refused_with_its_line() -> None:
    with pytest.raises(ValueError, match="the first line must be InvoiceNo,StockCode"):
        list(script.read_lines(["a,b\n"]))
    with pytest.raises(ValueError, match="line 2 is not one of the sample"):
        prices("1,a,X,one,2010-12-01 10:00:00,1.0,,UK\n")


def test_the_sample_is_prepared_the_same_every_time(tmp_path: Path) -> None:
    sample = EXAMPLE / "online_retail_sample.csv"

    for folder in ("one", "two"):
        assert script.prepare(sample, tmp_path / folder) == (9024, 12713)

    one, two = tmp_path / "one", tmp_path / "two"
    assert sorted(path.name for path in one.iterdir()) == ["orders.jsonl", "price_list.csv"]
    for name in ("orders.jsonl", "price_list.csv"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    told = (one / "orders.jsonl").read_bytes().splitlines()
    types = [json.loads(line)["type"] for line in told]
    assert (types.count("OrderPlaced"), types.count("OrderCancelled")) == (11869, 844)
