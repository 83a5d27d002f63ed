"""shop.inventory.StockCounted: Somebody counted what is there of an article at a place.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from typing import Final, TypedDict

STOCK_COUNTED: Final = "shop.inventory.StockCounted"


class StockCounted(TypedDict):
    """Somebody counted what is there of an article at a place."""

    # The article, as the price list names it.
    stock_code: str
    # The warehouse or shop where it lies.
    location_code: str
    # How many pieces were there.
    quantity: int
    # When it was counted.
    counted_at: datetime
