"""Units that a field's documentation names, as far as they are words of a short list."""

import re
from collections.abc import Mapping

_SPELLINGS: Mapping[str, str] = {
    "microseconds": r"microseconds?|micros",
    "milliseconds": r"milliseconds?|millis|ms",
    "seconds": r"seconds",
    "minutes": r"minutes",
    "hours": r"hours",
    "days": r"days",
    "weeks": r"weeks",
    "milligrams": r"milligram(me)?s?|mg",
    "grams": r"gram(me)?s?",
    "kilograms": r"kilogram(me)?s?|kg",
    "tonnes": r"tonnes?",
    "pounds": r"pounds?|lbs?",
    "millimetres": r"millimet(re|er)s?|mm",
    "centimetres": r"centimet(re|er)s?|cm",
    "metres": r"met(re|er)s?",
    "kilometres": r"kilomet(re|er)s?|km",
    "miles": r"miles?",
    "inches": r"inch(es)?",
    "millilitres": r"millilit(re|er)s?|ml",
    "litres": r"lit(re|er)s?",
    "pieces": r"pieces?",
    "dozens": r"dozens?",
    "percent": r"per ?cent|%",
    "basis points": r"basis points?",
    "cents": r"cents|pence|minor units?",
    "net": r"net|excluding (tax|vat)|without (tax|vat)|before (tax|vat)",
    "gross": r"gross|including (tax|vat)|with (tax|vat)|after (tax|vat)",
    "celsius": r"celsius",
    "fahrenheit": r"fahrenheit",
    "bytes": r"bytes",
    "kilobytes": r"kilobytes|kb",
}
UNITS = tuple(_SPELLINGS)
_FOUND = {
    unit: re.compile(rf"(?<![\w%])({spelling})(?!\w)", re.IGNORECASE)
    for unit, spelling in _SPELLINGS.items()
}


def units_of(doc: str) -> frozenset[str]:
    return frozenset(unit for unit, pattern in _FOUND.items() if pattern.search(doc))
