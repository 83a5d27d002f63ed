"""Every view: one row each."""

from collections.abc import Mapping

from processors.orders import Orders
from processors.prices import PRICES
from processors.view import View

VIEWS: Mapping[str, View] = {
    "prices": PRICES,
    "orders": Orders(),
}
