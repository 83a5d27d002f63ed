"""shop.sales.OrderCancelled: A placed order was cancelled as a whole.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from typing import Final, TypedDict

ORDER_CANCELLED: Final = "shop.sales.OrderCancelled"


class OrderCancelled(TypedDict):
    """A placed order was cancelled as a whole."""

    # The order's number, unique in the shop.
    order_id: str
    # When the cancellation was confirmed.
    cancelled_at: datetime
    # Why, in the shop's own words.
    reason: str | None
