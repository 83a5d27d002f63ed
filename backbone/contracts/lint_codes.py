"""The linter's codes: what each finds, and what to do about it.

docs/contract-lint.md has the same table for people; a test holds both together.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Code(NamedTuple):
    what: str
    remedy: str


CODES: Mapping[str, Code] = {
    "C001": Code("the file is no contract", "name it <fact_name>.v<major>.avsc; hold one record"),
    "C002": Code("an attribute of `contract` is missing or wrong", "give it, as the finding says"),
    "C003": Code("the key is no string field", "name a field that is text and never null"),
    "C004": Code(
        "the order version orders nothing",
        'name a timestamp-micros or long field that is never null, or "log"',
    ),
    "C005": Code("two contracts contradict each other", "let the facts of one topic agree"),
    "C006": Code("topic and file have different majors", "a breaking change gets a new topic"),
    "S001": Code(
        "the schema is not valid, not safe or not supported",
        "mend it: legal names, unions of null and one type, decimals with precision and scale",
    ),
    "S002": Code("a default that readers could not use", "give one of the field's type, or none"),
    "S003": Code("a type inside itself", "name the other record by its key"),
    "S004": Code("a type that takes no bytes", "give the items a type, the record a field"),
    "S005": Code(
        "an instant that is not UTC in microseconds", 'write "logicalType": "timestamp-micros"'
    ),
    "S006": Code("a value rule that cannot be asked", "mend it, as the finding says"),
    "N001": Code(
        "the fact is not named in PascalCase and the past tense", "say what happened: OrderPlaced"
    ),
    "N002": Code(
        "the file is not named after its fact", "OrderPlaced lives in order_placed.v1.avsc"
    ),
    "N003": Code("a field is not in snake_case", "write stock_code, not stockCode"),
    "N004": Code("an enum's symbol is not in UPPER_SNAKE", "write PARTLY_PAID"),
    "N005": Code("the fact has no namespace", "give it its domain's: shop.sales"),
    "N006": Code("an instant is not named *_at", "write placed_at"),
    "N007": Code("a type is not named in PascalCase", "write OrderLine"),
    "T001": Code(
        "a nullable field does not begin with null and default to it",
        'write "type": ["null", ...], "default": null',
    ),
    "T002": Code(
        "an enum has no default", 'give "default": "UNKNOWN", for readers without a symbol'
    ),
    "T003": Code("a field named *_at is no instant", 'write "logicalType": "timestamp-micros"'),
    "T004": Code("money without its currency", "put a currency field beside it or above it"),
    "T005": Code("money as a binary fraction", "write a decimal with precision and scale"),
    "T006": Code("a field of plain bytes", "write a string or a decimal: no document shows bytes"),
    "T007": Code(
        "an alias", "add the new field and deprecate the old one: readers differ on aliases"
    ),
    "O001": Code("no documentation", "say in `doc` what it means, with its unit"),
    "P001": Code(
        "looks like personal data and is not tagged",
        'write "confluent:tags": ["PII"], or [] to say that it is none',
    ),
    "D001": Code(
        "a decimal's precision or scale changed", "add a new field: the registry lets this through"
    ),
    "D002": Code("a logical type changed", "add a new field: the registry lets this through"),
}
