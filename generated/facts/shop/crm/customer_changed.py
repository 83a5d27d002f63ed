"""shop.crm.CustomerChanged: What is known of a customer changed; the fact holds all of it.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from typing import Final, TypedDict

CUSTOMER_CHANGED: Final = "shop.crm.CustomerChanged"


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


class CustomerChanged(TypedDict):
    """What is known of a customer changed; the fact holds all of it."""

    # The customer's number. [PII]
    customer_id: str
    # Counts the customer's changes, from 1; the higher one wins.
    revision: int
    # When it was changed.
    changed_at: datetime
    # What the customer is called. [PII]
    full_name: str | None
    # Where mail reaches the customer. [PII]
    email: str | None
    # In the form of E.164, such as +41441234567. [PII]
    phone: str | None
    # Where letters reach the customer. [PII]
    address: Address | None
    # BCP 47 tag of the language to write in, such as de-CH.
    locale: str | None
    # Whether the customer wants advertisements.
    may_be_written_to: bool
