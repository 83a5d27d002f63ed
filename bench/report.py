"""The figures for people. Programs take them as JSON: bench/judging.py `Result`."""

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.judging import Result, Row
from bench.statistics import Spread
from cli.output import Format, show

_COLUMNS = ("contestant", "figure", "median", "least", "most")
_JUDGED = ("figure", "measured", "bar", "beside", "holds")


def print_result(result: Result) -> None:
    write = sys.stdout.write
    write(f"\n{result.stage}: {result.what}\n")
    write(f"  {', '.join(f'{name}: {value}' for name, value in result.stated.items())}\n")
    for client, settings in result.settings.items():
        shown = ", ".join(f"{name}={value}" for name, value in settings.items())
        write(f"  {client}: {shown}\n")
    write("\n")
    show([line for row in result.rows for line in _lines(row)], _COLUMNS, Format.TABLE)
    write("\n")
    show(judged(result), _JUDGED, Format.TABLE)
    sys.stdout.flush()


def _lines(row: Row) -> Iterator[Mapping[str, Any]]:
    for name, spread in row.figures.items():
        yield {"contestant": f"{row.name} ({row.role})", "figure": name} | _shown(spread)


def _shown(spread: Spread) -> dict[str, str]:
    return {name: number(getattr(spread, name)) for name in ("median", "least", "most")}


def judged(result: Result) -> list[Mapping[str, Any]]:
    return [
        {
            "figure": each.figure,
            "measured": f"{each.value:.2f}",
            "bar": f"{each.kind} {each.bar:g}",
            "beside": f"x {each.beside}" if each.beside else "",
            "holds": "yes" if each.holds else "NO",
        }
        for each in result.judgements
    ]


def number(value: float) -> str:
    """Three digits that count, and no more of them than a reader can use."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004


def machine() -> dict[str, Any]:
    """What the figures depend on most."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.machine(),
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
