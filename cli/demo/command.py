"""`backbone demo`: the main job on real input, told step by step.

A price list (CSV) and a shop (Postgres) publish facts; two views follow; the gateway answers; then
everything is counted again, independently. A second run publishes nothing twice.
"""

import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cli.demo.scene import Scene

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "online-retail"


def demo(
    leave: Annotated[
        bool, typer.Option("--exit", help="End when the story is told instead of staying up.")
    ] = False,
) -> None:
    """Run the main job on real input: stack, contracts, topics, facts, views, answers, balance.

    Example: backbone demo --exit
    """
    from cli.demo.scene import Scene  # noqa: PLC0415 - the clients of all services
    from cli.demo.story import tell  # noqa: PLC0415 - the same

    began = time.monotonic()
    _be_interruptible()
    with Scene(EXAMPLES) as scene:
        scene.set_up()
        sys.stderr.write(f"set up in {time.monotonic() - began:.1f} s\n")
        tell(scene)
        if not leave:
            scene.say_where()
            _wait_for_interrupt(scene)


def _be_interruptible() -> None:
    """SIGTERM ends the demo as Ctrl-C does: everything that it started is ended."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _wait_for_interrupt(scene: "Scene") -> None:
    stop = threading.Event()
    try:
        while not stop.wait(1.0):
            scene.fleet.check()
    except KeyboardInterrupt:
        sys.stderr.write("\nending\n")
