"""`backbone bench`: the benchmarks of this repository, in a process of their own."""

import os
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from backbone.errors import Misconfigured
from backbone.settings import REPOSITORY
from cli.output import Format, Output


def bench(
    stages: Annotated[
        list[str] | None, typer.Argument(help="Which stages; default: all of bench/catalog.py.")
    ] = None,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Turns that are counted.")] = 5,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few facts, judged by nothing: does it work at all?")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Measure each stage beside its ceiling, on services of its own that it starts and removes.

    Exit code 1 when a ratio is below its bar (docs/benchmarks.md).

    Example: backbone bench prices csv --runs 3 --output json
    """
    if find_spec("bench") is None:
        raise Misconfigured(
            "the benchmarks are part of the repository and not of the installed package: run "
            f"`make bench` in a clone (looked beside {REPOSITORY})"
        )
    command = [sys.executable, "-m", "bench", *(stages or []), "--runs", str(runs)]
    flags = ["--output", output.value, *(["--quick"] if quick else [])]
    # in this process's place: signals and the exit code need nobody to pass them on
    os.execv(sys.executable, [*command, *flags])  # noqa: S606
