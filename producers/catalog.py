"""Every source: one row each."""

from collections.abc import Mapping

from producers.context import Build
from producers.price_list import price_list
from producers.shop import shop

SOURCES: Mapping[str, Build] = {
    "price-list": price_list,
    "shop": shop,
}
