"""shop.billing.ContractSigned: A customer and the shop agreed to a contract.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypedDict

CONTRACT_SIGNED: Final = "shop.billing.ContractSigned"


class Money(TypedDict):
    """An amount with its currency. The same in every contract."""

    # How much, in `currency`.
    amount: Decimal
    # ISO 4217 code of the amount.
    currency: str


class ContractSigned(TypedDict):
    """A customer and the shop agreed to a contract."""

    # The contract's number.
    contract_id: str
    # The customer's number. [PII]
    customer_id: str
    # What the customer pays each month.
    monthly_fee: Money
    # How many days before its end it must be ended.
    notice_days: int
    # The first day it holds.
    starts_on: date
    # The last day it holds; null where it has no end.
    ends_on: date | None
    # When both had signed.
    signed_at: datetime
