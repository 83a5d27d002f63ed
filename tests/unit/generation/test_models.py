"""Typed facts, as mypy reads them."""

import subprocess
import sys
from pathlib import Path

from backbone.generation.catalog import ARTEFACTS
from backbone.generation.estate import Estate
from backbone.generation.writing import put

HANDLER = """\
from datetime import date, datetime
from decimal import Decimal

from facts.shop.wide.thing_measured import THING_MEASURED, Mood, Part, ThingMeasured


def handle(fact: ThingMeasured) -> Decimal:
    at: datetime = fact["measured_at"]
    day: date = fact["day"]
    mood: Mood = fact["mood"]
    home = fact["home"]
    street = "" if home is None else home["street"]
    names: list[str] = [f"{THING_MEASURED}{at}{day}{mood}{street}{fact['class']}"]
    parts: list[Part] = fact["parts"]
    return sum((part["price"] for part in parts), start=fact["price"] or Decimal(len(names)))
"""
WRONG = """\
from facts.shop.wide.thing_measured import ThingMeasured


def handle(fact: ThingMeasured) -> None:
    fact["gone"]
    fact["price"].quantize(fact["salary"])
    fact["mood"] = "SAD"
"""
EXPECTED = """\
wrong.py:5: error: TypedDict "ThingMeasured" has no key "gone"
wrong.py:6: error: Item "None" of "Decimal | None" has no attribute "quantize"
wrong.py:7: error: Value of "mood" has incompatible type "Literal['SAD']"; \
expected "Literal['UNKNOWN', 'GOOD']"
Found 3 errors in 1 file (checked 2 source files)
"""


def test_a_handler_of_typed_facts_passes_strict_checks_and_a_wrong_one_does_not(
    wide: Estate, tmp_path: Path
) -> None:
    files = {**ARTEFACTS["models"].make(wide), "handler.py": HANDLER, "wrong.py": WRONG}
    for path, text in files.items():
        put(text, tmp_path / path)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "handler.py", "wrong.py"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    said = [line.partition("  [")[0] for line in found.stdout.splitlines()]
    assert said == EXPECTED.splitlines()


def test_a_module_names_its_fact_and_imports_only_what_it_uses(wide: Estate) -> None:
    text = ARTEFACTS["models"].make(wide)["facts/shop/wide/thing_mapped.py"]

    assert text.splitlines()[5:8] == [
        "from decimal import Decimal",
        "from typing import Final, TypedDict",
        "",
    ]
    assert "    parts: dict[str, Part]" in text
