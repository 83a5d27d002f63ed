"""shop.sales.OrderPlaced: A customer placed an order in the shop.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, TypedDict

ORDER_PLACED: Final = "shop.sales.OrderPlaced"


class OrderLine(TypedDict):
    """One article of the order."""

    # The article, as the price list names it.
    stock_code: str
    # What the customer saw as the article's name.
    description: str | None
    # How many pieces.
    quantity: int
    # Price of one piece in the order's `currency`.
    unit_price: Decimal


class OrderPlaced(TypedDict):
    """A customer placed an order in the shop."""

    # The order's number, unique in the shop.
    order_id: str
    # When the customer confirmed the order.
    placed_at: datetime
    # The customer's number; null for a guest. [PII]
    customer_id: str | None
    # Where the order is delivered to, as the shop names it.
    country: str
    # ISO 4217 code of every price in the order.
    currency: str
    # The articles ordered, at least one.
    lines: list[OrderLine]
