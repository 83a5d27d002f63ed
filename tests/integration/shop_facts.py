"""Of each contract of ours: plain values, and awkward ones (nulls, the largest and smallest, other
scripts)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

AT = datetime(2011, 11, 27, 11, 54, 0, 123456, tzinfo=UTC)
ADDRESS = {
    "recipient": "Ada Ω",
    "lines": ["1 High Street", "漢"],
    "postal_code": None,
    "locality": "Bern",
    "country": "CH",
}
FACTS: Mapping[str, Sequence[dict[str, Any]]] = {
    "shop.pricing.PriceChanged": [
        {
            "stock_code": "85123A",
            "price": Decimal("2.9500"),
            "currency": "GBP",
            "effective_at": AT,
        },
        {
            "stock_code": "ΩЖ漢😀",
            "price": Decimal("99999999999999.9999"),
            "currency": "EUR",
            "effective_at": datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        },
    ],
    "shop.sales.OrderPlaced": [
        {
            "order_id": "536365",
            "placed_at": AT,
            "customer_id": "17850",
            "country": "United Kingdom",
            "currency": "GBP",
            "lines": [
                {
                    "stock_code": "85123A",
                    "description": "HEART, T-LIGHT=HOLDER",
                    "quantity": 6,
                    "unit_price": Decimal("2.5500"),
                },
                {
                    "stock_code": "D",
                    "description": None,
                    "quantity": 2147483647,
                    "unit_price": Decimal("0.0001"),
                },
            ],
        },
    ],
    "shop.sales.OrderCancelled": [
        {"order_id": "536365", "cancelled_at": AT, "reason": None},
        {"order_id": "536366", "cancelled_at": AT, "reason": "changed their mind"},
    ],
    "shop.billing.ContractSigned": [
        {
            "contract_id": "c-1",
            "customer_id": "17850",
            "monthly_fee": {"amount": Decimal("12.5000"), "currency": "CHF"},
            "notice_days": 30,
            "starts_on": date(2026, 1, 1),
            "ends_on": None,
            "signed_at": AT,
        },
        {
            "contract_id": "ç-2",
            "customer_id": "17850",
            "monthly_fee": {"amount": Decimal("-999999999999999.9999"), "currency": "GBP"},
            "notice_days": 0,
            "starts_on": date(1, 1, 1),
            "ends_on": date(9999, 12, 31),
            "signed_at": AT,
        },
    ],
    "shop.billing.InvoiceIssued": [
        {
            "invoice_id": "i-1",
            "customer_id": "17850",
            "order_id": "536365",
            "contract_id": None,
            "currency": "CHF",
            "net_amount": Decimal("100.0000"),
            "tax_amount": Decimal("8.1000"),
            "total_amount": Decimal("108.1000"),
            "due_on": date(2026, 1, 31),
            "issued_at": AT,
        },
    ],
    "shop.catalogue.ProductDescribed": [
        {
            "stock_code": "85123A",
            "revision": 2**63 - 1,
            "described_at": AT,
            "texts": [
                {"locale": "en", "title": "Heart", "description": "A white one."},
                {"locale": "de-CH", "title": "Herz", "description": None},
                {"locale": "zh-Hant-TW", "title": "心", "description": "😀"},
            ],
            "categories": ["home", "lights"],
            "weight_grams": 250,
        },
        {
            "stock_code": "D",
            "revision": 1,
            "described_at": AT,
            "texts": [{"locale": "en", "title": "", "description": None}],
            "categories": [],
            "weight_grams": None,
        },
    ],
    "shop.crm.CustomerChanged": [
        {
            "customer_id": "17850",
            "revision": 1,
            "changed_at": AT,
            "full_name": "Ada Ω",
            "email": "ada@example.org",
            "phone": "+41441234567",
            "address": ADDRESS,
            "locale": "de-CH",
            "may_be_written_to": True,
        },
        {
            "customer_id": "17851",
            "revision": 2,
            "changed_at": AT,
            "full_name": None,
            "email": None,
            "phone": None,
            "address": None,
            "locale": None,
            "may_be_written_to": False,
        },
    ],
    "shop.fulfilment.FulfillmentShipped": [
        {
            "shipment_id": "s-1",
            "order_id": "536365",
            "customer_id": None,
            "destination": ADDRESS,
            "carrier": "the post",
            "tracking_code": "RR123456785CH",
            "weight_grams": None,
            "lines": [{"stock_code": "85123A", "quantity": 6}],
            "shipped_at": AT,
            "expected_on": date(2026, 1, 3),
        },
    ],
    "shop.inventory.StockCounted": [
        {"stock_code": "85123A", "location_code": "L1", "quantity": 0, "counted_at": AT},
    ],
    "shop.inventory.InventoryReserved": [
        {
            "stock_code": "85123A",
            "location_code": "L1",
            "reservation_id": "r-1",
            "order_id": "536365",
            "quantity": 6,
            "reserved_at": AT,
            "expires_at": AT + timedelta(microseconds=1),
        },
    ],
    "shop.inventory.InventoryReleased": [
        {
            "stock_code": "85123A",
            "location_code": "L1",
            "reservation_id": "r-1",
            "quantity": 6,
            "reason": "SHIPPED",
            "released_at": AT,
        },
    ],
    "shop.payments.PaymentAuthorized": [
        {
            "payment_id": "p-1",
            "order_id": "536365",
            "amount": {"amount": Decimal("0.0001"), "currency": "GBP"},
            "method": "CARD",
            "authorized_at": AT,
            "expires_at": None,
        },
    ],
    "shop.payments.PaymentRefused": [
        {
            "payment_id": "p-2",
            "order_id": "536365",
            "amount": {"amount": Decimal("15.3000"), "currency": "GBP"},
            "reason": "UNKNOWN",
            "refused_at": AT,
        },
    ],
    "shop.payments.PaymentRefunded": [
        {
            "payment_id": "p-1",
            "refund_id": "1",
            "amount": {"amount": Decimal("0.0001"), "currency": "GBP"},
            "reason": None,
            "refunded_at": AT,
        },
    ],
}
