"""shop.catalogue.ProductDescribed: An article got a new description, in every language it
is sold in.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from typing import Final, TypedDict

PRODUCT_DESCRIBED: Final = "shop.catalogue.ProductDescribed"


class ProductText(TypedDict):
    """The description in one language."""

    # BCP 47 tag of the language, such as de-CH.
    locale: str
    # What the article is called.
    title: str
    # What is said about it.
    description: str | None


class ProductDescribed(TypedDict):
    """An article got a new description, in every language it is sold in."""

    # The article, as the price list names it.
    stock_code: str
    # Counts the descriptions of the article, from 1; the higher one wins.
    revision: int
    # When the description was approved.
    described_at: datetime
    # One text per language: at least one, at most thirty. A list, for a map's facts are read
    # one by one.
    texts: list[ProductText]
    # Where the article stands in the shop, the broadest first.
    categories: list[str]
    # Weight with its packing, in grams; null where nobody weighed it.
    weight_grams: int | None
