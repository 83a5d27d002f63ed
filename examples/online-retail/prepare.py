"""Make the price list and the shop's orders from the Online Retail sample.

    python prepare.py [FOLDER] [--sample FILE]

The same sample gives the same bytes. A file appears in FOLDER complete or not at all.
"""

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
LONDON = ZoneInfo("Europe/London")
CURRENCY = "GBP"
CANCELLED_EVERY = 40  # orders whose number is divisible by it are cancelled by the shop
CANCELLED_AFTER = timedelta(hours=36)
COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the sample: text as written, but for the instant."""

    invoice: str
    stock_code: str
    description: str
    quantity: str
    at: datetime
    unit_price: str
    customer: str
    country: str

    @property
    def good(self) -> bool:
        return Decimal(self.unit_price) > 0 and int(self.quantity) > 0


def read_lines(text: Iterable[str]) -> Iterator[Line]:
    """Read the sample; raises ValueError, with the line, for one that is not such a file."""
    rows = csv.reader(text)
    if tuple(next(rows, ())) != COLUMNS:
        raise ValueError(f"the first line must be {','.join(COLUMNS)}")
    for row in rows:
        try:
            invoice, code, description, quantity, at, price, customer, country = row
            int(quantity), Decimal(price)
            yield Line(invoice, code, description, quantity, _utc(at), price, customer, country)
        except (ValueError, InvalidOperation) as error:
            raise ValueError(f"line {rows.line_num} is not one of the sample: {error}") from error


def price_changes(lines: Iterable[Line]) -> Iterator[tuple[str, str, str, str]]:
    """One row per change of a code's price: stock_code, price, currency, effective_at."""
    last: dict[str, Decimal] = {}
    for line in sorted(lines, key=lambda line: line.at):  # stable: then by file position
        price = Decimal(line.unit_price)
        if last.get(line.stock_code) != price:
            last[line.stock_code] = price
            yield line.stock_code, line.unit_price, CURRENCY, _rfc3339(line.at)


def shop_events(lines: Iterable[Line]) -> list[Event]:
    """What happens in the shop, in time order; of the same moment in the file's order."""
    invoices: dict[str, list[Line]] = {}
    for line in lines:
        invoices.setdefault(line.invoice, []).append(line)
    timed = [timed for of_one in invoices.values() for timed in _events(of_one)]
    return [event for _, event in sorted(timed, key=lambda pair: pair[0])]


def prepare(sample: Path, folder: Path) -> tuple[int, int]:
    """Write price_list.csv and orders.jsonl; gives how many rows and events they have."""
    with sample.open(encoding="utf-8", newline="") as text:
        lines = list(read_lines(text))
    prices, events = list(price_changes(lines)), shop_events(lines)
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("stock_code", "price", "currency", "effective_at"))
    writer.writerows(prices)
    _write(folder / "price_list.csv", table.getvalue())
    _write(folder / "orders.jsonl", "".join(f"{_json(event)}\n" for event in events))
    return len(prices), len(events)


def _events(lines: Sequence[Line]) -> Iterator[tuple[datetime, Event]]:
    first = lines[0]
    at = min(line.at for line in lines)
    if first.invoice.startswith("C"):
        yield at, _cancellation(first.invoice, at, None)
        return
    yield at, _order(lines, at)
    if _cancelled_by_shop(lines):
        later = at + CANCELLED_AFTER
        yield later, _cancellation(first.invoice, later, "the customer changed their mind")


def _cancelled_by_shop(lines: Sequence[Line]) -> bool:
    number = lines[0].invoice
    divisible = number.isdecimal() and int(number) % CANCELLED_EVERY == 0
    return divisible and all(line.good for line in lines)


def _order(lines: Sequence[Line], at: datetime) -> Event:
    first = lines[0]
    return {
        "type": "OrderPlaced",
        "order_id": first.invoice,
        "placed_at": _rfc3339(at),
        "customer_id": first.customer.removesuffix(".0") or None,
        "country": first.country,
        "currency": CURRENCY,
        "lines": [
            {
                "stock_code": line.stock_code,
                "description": line.description or None,
                "quantity": int(line.quantity),
                "unit_price": line.unit_price,
            }
            for line in lines
        ],
    }


def _cancellation(order_id: str, at: datetime, reason: str | None) -> Event:
    return {
        "type": "OrderCancelled",
        "order_id": order_id,
        "cancelled_at": _rfc3339(at),
        "reason": reason,
    }


def _utc(local: str) -> datetime:
    at = datetime.strptime(local, "%Y-%m-%d %H:%M:%S").replace(tzinfo=LONDON)
    return at.astimezone(UTC)


def _rfc3339(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def _json(event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(text, encoding="utf-8", newline="")
    partial.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the price list and the shop's orders.")
    parser.add_argument("folder", nargs="?", type=Path, default=HERE / "prepared")
    parser.add_argument("--sample", type=Path, default=HERE / "online_retail_sample.csv")
    arguments = parser.parse_args()
    try:
        prices, events = prepare(arguments.sample, arguments.folder)
    except (OSError, ValueError) as error:
        sys.exit(f"{arguments.sample}: {error}")
    print(f"{arguments.folder}: {prices} price changes, {events} orders and cancellations")


if __name__ == "__main__":
    main()
