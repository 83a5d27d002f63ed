"""shop.pricing.PriceChanged: The price list gave an article a new unit price.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, TypedDict

PRICE_CHANGED: Final = "shop.pricing.PriceChanged"


class PriceChanged(TypedDict):
    """The price list gave an article a new unit price."""

    # The article, as the price list names it.
    stock_code: str
    # Unit price in `currency`.
    price: Decimal
    # ISO 4217 code of the price.
    currency: str
    # From when on the price holds; the newer one wins.
    effective_at: datetime
