"""shop.inventory.InventoryReserved: Pieces of an article were set aside for an order.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from typing import Final, TypedDict

INVENTORY_RESERVED: Final = "shop.inventory.InventoryReserved"


class InventoryReserved(TypedDict):
    """Pieces of an article were set aside for an order."""

    # The article, as the price list names it.
    stock_code: str
    # The warehouse or shop where it lies.
    location_code: str
    # The reservation; it is released by this name.
    reservation_id: str
    # The order that they are for.
    order_id: str
    # How many pieces.
    quantity: int
    # When they were set aside.
    reserved_at: datetime
    # Until when; null where they stay.
    expires_at: datetime | None
