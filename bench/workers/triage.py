"""Candidate: dead letters into their causes, from the first that is read to the last."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from backbone.errors import Fatal
from backbone.replay.causes import by_cause
from bench.figures import SECONDS
from bench.process import Stopwatch, serve
from cli import wiring
from cli.dlq_selection import open_topics


def triage(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `letters` of `processor`, which have so many `causes`."""
    watch = Stopwatch()
    with closing(wiring.reader()) as reader:
        topics = open_topics(arguments["processor"], reader)
        groups = by_cause(topics.letters(), topics.settled)
    watch.stop()
    letters, causes = arguments["letters"], arguments["causes"]
    found = sum(each.count for each in groups)
    if (found, len(groups)) != (letters, causes):
        raise Fatal(f"{found} letters of {len(groups)} causes, not {letters} of {causes}")
    figures = watch.figures(letters)
    return figures | {SECONDS: watch.seconds}


if __name__ == "__main__":
    serve(triage)
