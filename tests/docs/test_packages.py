"""What is installed must not depend on the order in which it was."""

from collections import defaultdict
from importlib.metadata import distributions


def test_no_two_packages_bring_the_same_file() -> None:
    """They are installed side by side: of two that bring one, the last one wins, another every
    time."""
    owners = defaultdict(set)
    for package in distributions():
        for file in package.files or ():
            owners[str(file)].add(package.name)

    assert {file: names for file, names in owners.items() if len(names) > 1} == {}
