"""Load: every dead letter of a view into its retry topic, as a run hands them over. In a process of
its own, for the one that is measured is to begin with as little in its memory as a view's."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any
from uuid import uuid4

from backbone.dead_letter_reading import DeadLetter
from backbone.dead_letters import topic_of
from backbone.kafka.publisher import KafkaAppender
from backbone.replay.drive import Retry
from backbone.replay.messages import of_letter
from backbone.replay.packing import packed
from backbone.replay.parked import place_of
from backbone.replay.retry_headers import Run
from bench.process import serve
from cli import wiring

_AT_A_TIME = 5_000


def load(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of `view`, to the owner of `to`; gives the id of the `run`, and the `count` of its
    retries."""
    run = Run(uuid4().hex[:12], "bench")
    return {"run": run.id, "count": _hand_over(retries(arguments["view"], run, arguments["to"]))}


def retries(name: str, run: Run, owner: str | None = None) -> list[Retry]:
    with closing(wiring.reader()) as reader:
        letters = map(DeadLetter.of, reader.scan(topic_of(name)))
        found = [
            Retry(place_of(letter), of_letter(owner or name, letter, letter.origin, run))
            for letter in letters
            if letter.origin is not None
        ]
    # as the plan has them: the facts of each key in their order
    return sorted(found, key=lambda each: each.message.partition or 0)


def _hand_over(found: Sequence[Retry]) -> int:
    with closing(KafkaAppender(wiring.kafka("bench-replay"))) as appender:
        for start in range(0, len(found), _AT_A_TIME):
            some = found[start : start + _AT_A_TIME]
            appender.append(packed([each.message for each in some]))
    return len(found)


if __name__ == "__main__":
    serve(load)
