"""shop.inventory.InventoryReleased: Pieces that were set aside can be sold again, or left
the place.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from typing import Final, Literal, TypedDict

INVENTORY_RELEASED: Final = "shop.inventory.InventoryReleased"


ReleaseReason = Literal["UNKNOWN", "SHIPPED", "CANCELLED", "EXPIRED"]


class InventoryReleased(TypedDict):
    """Pieces that were set aside can be sold again, or left the place."""

    # The article, as the price list names it.
    stock_code: str
    # The warehouse or shop where it lies.
    location_code: str
    # The reservation that ends.
    reservation_id: str
    # How many pieces.
    quantity: int
    # Why they are set aside no longer.
    reason: ReleaseReason
    # When.
    released_at: datetime
