"""shop.payments.PaymentAuthorized: The payment provider set an amount aside for an order.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, TypedDict

PAYMENT_AUTHORIZED: Final = "shop.payments.PaymentAuthorized"


class Money(TypedDict):
    """An amount with its currency. The same in every contract."""

    # How much, in `currency`.
    amount: Decimal
    # ISO 4217 code of the amount.
    currency: str


PaymentMethod = Literal["UNKNOWN", "CARD", "BANK_TRANSFER", "INVOICE", "WALLET"]


class PaymentAuthorized(TypedDict):
    """The payment provider set an amount aside for an order."""

    # The payment, as the provider names it.
    payment_id: str
    # The order that it pays.
    order_id: str
    # What was set aside.
    amount: Money
    # How the customer pays.
    method: PaymentMethod
    # When the provider agreed.
    authorized_at: datetime
    # Until when the amount is set aside; null where it stays.
    expires_at: datetime | None
