"""shop.payments.PaymentRefused: The payment provider did not set an amount aside.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, TypedDict

PAYMENT_REFUSED: Final = "shop.payments.PaymentRefused"


class Money(TypedDict):
    """An amount with its currency. The same in every contract."""

    # How much, in `currency`.
    amount: Decimal
    # ISO 4217 code of the amount.
    currency: str


RefusalReason = Literal["UNKNOWN", "INSUFFICIENT_FUNDS", "EXPIRED_CARD", "SUSPECTED_FRAUD", "PROVIDER_FAILURE"]


class PaymentRefused(TypedDict):
    """The payment provider did not set an amount aside."""

    # The payment, as the provider names it.
    payment_id: str
    # The order that it would have paid.
    order_id: str
    # What was asked for.
    amount: Money
    # Why, as far as the provider says.
    reason: RefusalReason
    # When the provider refused.
    refused_at: datetime
