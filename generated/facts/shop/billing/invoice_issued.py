"""shop.billing.InvoiceIssued: The shop asked a customer for money.

Written by `backbone contracts generate`: do not edit.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypedDict

INVOICE_ISSUED: Final = "shop.billing.InvoiceIssued"


class InvoiceIssued(TypedDict):
    """The shop asked a customer for money."""

    # The invoice's number, without gaps.
    invoice_id: str
    # The customer's number. [PII]
    customer_id: str
    # The order it is for; null for one of a contract.
    order_id: str | None
    # The contract it is for; null for one of an order.
    contract_id: str | None
    # ISO 4217 code of every amount in the invoice.
    currency: str
    # Before tax, in `currency`.
    net_amount: Decimal
    # Value added tax, in `currency`.
    tax_amount: Decimal
    # What is to be paid, in `currency`.
    total_amount: Decimal
    # The day by which it is to be paid.
    due_on: date
    # When it was sent.
    issued_at: datetime
