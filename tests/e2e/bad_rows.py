"""What a source may meet: damaged price lists, and outbox rows that break their contract."""

from typing import Any

from tests.e2e.world import START

HEADER = b"stock_code,price,currency,effective_at\n"
SECRET = "customer-17850"


def price_row(code: str) -> bytes:
    return f"{code},1.25,GBP,{START.isoformat()}\n".encode()


NOT_UTF_8 = price_row("A2").replace(b"GBP", b"G\xffP")
PRICE_LISTS = {
    "1-not-utf-8.csv": HEADER + price_row("A1") + NOT_UTF_8 + price_row("A3"),
    "2-semicolons.csv": (HEADER + price_row("B1")).replace(b",", b";"),
    "3-other-header.csv": HEADER.replace(b"price", b"unit_price") + price_row("C1"),
    "4-cut-off.csv": HEADER + price_row("D1") + b"D2,1.2",
    "5-cut-off-in-quotes.csv": HEADER + price_row("E1") + b'E2,"1.2',
    "6-in-order.csv": HEADER + price_row("F1"),
}
IN_ORDER = {b"A1", b"A3", b"D1", b"E1", b"F1"}
TURNED_AWAY = {
    "1-not-utf-8.csv:3": ("unparsable", "the row is not UTF-8: byte 10 of it"),
    "2-semicolons.csv:1": ("unparsable", "Its delimiter seems to be ';', declared is ','"),
    "2-semicolons.csv:2": ("unparsable", "Its delimiter seems to be ';', declared is ','"),
    "3-other-header.csv:1": ("unparsable", "lacks price and has unknown names in column 2"),
    "3-other-header.csv:2": ("unparsable", "lacks price and has unknown names in column 2"),
    "4-cut-off.csv:3": ("unparsable", "the row has 2 of 4 columns"),
    "5-cut-off-in-quotes.csv:3": ("unparsable", "the file ends inside a quoted field"),
}


def order(order_id: str, **changed: Any) -> dict[str, Any]:
    """An order's payload, of a customer whom no command may show."""
    return {
        "order_id": order_id,
        "placed_at": START.isoformat(),
        "customer_id": SECRET,
        "country": "France",
        "currency": "GBP",
        "lines": [_line(2)],
        **changed,
    }


def _line(quantity: int, text: str | None = None) -> dict[str, Any]:
    return {"stock_code": "C1", "description": text, "quantity": quantity, "unit_price": "1.25"}


TOO_LARGE = order("o6", lines=[_line(1, "so long" * 100)] * 2_000)
BROKEN = order("o3", placed_at="yesterday", currency="pound", lines=[_line(-1)], nickname=SECRET)
del BROKEN["country"]
VIOLATIONS = ("placed_at: ", "country: ", "currency: ", "lines[0].quantity: ", "nickname: ")
