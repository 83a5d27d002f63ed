"""`python -m tests.contracts_changes REGISTRY_URL`: write the table again from what is found.

Only the last column is anybody's own words: it is kept. What changed is to be judged in the diff.
"""

import sys
import tempfile
from pathlib import Path
from uuid import uuid4

from backbone.registry.confluent import ConfluentRegistry
from tests.contracts_changes.change_case import every_case
from tests.contracts_changes.verdicts import (
    COLUMNS,
    NONE,
    TABLE,
    Verdicts,
    decoded,
    disagree,
    expected,
    judged,
    linted,
    registered,
    ruled,
)


def main(url: str) -> None:
    text = TABLE.read_text()
    known, registry, prefix = expected(), ConfluentRegistry(url), uuid4().hex[:8]
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "contract"
        for case in every_case():
            said = registered(case, registry, prefix)
            found = (
                linted(case, place),
                said,
                ruled(case),
                *judged(case, place),
                *decoded(case, place),
            )
            words = known[case.name].disagreement if case.name in known else NONE
            row = Verdicts(case.name, *found, words)
            words = words if disagree(row) else NONE
            lines.append(f"| {' | '.join((case.name, *found, words))} |")
    TABLE.write_text(text[: text.index("| case |")] + "\n".join(lines) + "\n")


main(sys.argv[1])
