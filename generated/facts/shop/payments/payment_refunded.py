"""shop.payments.PaymentRefunded: Money of a payment went back to who paid, in part or all
of it.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, TypedDict

PAYMENT_REFUNDED: Final = "shop.payments.PaymentRefunded"


class Money(TypedDict):
    """An amount with its currency. The same in every contract."""

    # How much, in `currency`.
    amount: Decimal
    # ISO 4217 code of the amount.
    currency: str


class PaymentRefunded(TypedDict):
    """Money of a payment went back to who paid, in part or all of it."""

    # The payment, as the provider names it.
    payment_id: str
    # The refund, as the provider names it; a payment may have several.
    refund_id: str
    # What went back.
    amount: Money
    # Why, in the words of who asked for it.
    reason: str | None
    # When the provider sent it back.
    refunded_at: datetime
