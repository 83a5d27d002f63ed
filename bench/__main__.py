"""`python -m bench`: what `backbone bench` runs. Exit codes: 0 every bar holds, 1 not, 2 usage."""

import argparse
import sys

from backbone import logs
from backbone.errors import BackboneError
from bench.catalog import STAGES
from bench.command import Order, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="backbone bench")
    parser.add_argument("stages", nargs="*", choices=[[], *STAGES], metavar="STAGE")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--output", choices=["table", "json"], default="table")
    given = parser.parse_args()
    logs.configure("warning", human=sys.stderr.isatty())
    order = Order(given.stages or list(STAGES), given.runs, given.quick, given.output == "json")
    try:
        return 0 if run(order) else 1
    except BackboneError as error:
        sys.stderr.write(f"backbone bench: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("backbone bench: interrupted; its services have ended\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
