"""shop.fulfilment.FulfillmentShipped: A parcel with articles of an order left the
warehouse.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import date, datetime
from typing import Final, TypedDict

FULFILLMENT_SHIPPED: Final = "shop.fulfilment.FulfillmentShipped"


class Address(TypedDict):
    """Where somebody is reached by post. The same in every contract."""

    # Who receives what is sent there.
    recipient: str | None
    # Street and house, as written on a letter, without place and country.
    lines: list[str]
    # The place's postal code, where the country has such.
    postal_code: str | None
    # The place.
    locality: str
    # ISO 3166-1 code of the country, two letters.
    country: str


class ShippedLine(TypedDict):
    """One article in the parcel."""

    # The article, as the price list names it.
    stock_code: str
    # How many pieces.
    quantity: int


class FulfillmentShipped(TypedDict):
    """A parcel with articles of an order left the warehouse."""

    # The parcel.
    shipment_id: str
    # The order whose articles are in it.
    order_id: str
    # The customer's number; null for a guest. [PII]
    customer_id: str | None
    # Where the parcel goes.
    destination: Address
    # Who carries it.
    carrier: str
    # What the carrier calls the parcel; a link to follow it is made of it.
    tracking_code: str
    # What the parcel weighs, in grams.
    weight_grams: int | None
    # What is in it, at least one article.
    lines: list[ShippedLine]
    # When the carrier took it over.
    shipped_at: datetime
    # The day that the carrier names for its arrival.
    expected_on: date | None
