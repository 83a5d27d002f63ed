"""What the two stages of sources share: the candidate from a clean log, and producing the same
bytes again with the bare client."""

from functools import partial
from typing import Any

from backbone.kafka import config
from backbone.log import TopicSpec
from bench.ground import Ground, settings_shown
from bench.stage import Contestant, Sample
from cli import wiring

RAW_TOPIC = "bench.raw"


def publishing(ground: Ground, source: str, count: int) -> Sample:
    """The source's worker, on topics without a record and without a cursor."""
    ground.clean_topics()
    return ground.work("source", source=source, count=count)


def raw_produce(ground: Ground, topic: str, count: int, batch: int) -> Contestant:
    """`topic` holds what the candidate published last; it is published again, elsewhere."""
    (declared,) = (spec for spec in wiring.declared_topics() if spec.name == topic)
    wiring.topic_admin().create(TopicSpec(RAW_TOPIC, declared.partitions, declared.config))
    work = partial(ground.work, "produce", source=topic, target=RAW_TOPIC, count=count, batch=batch)
    return Contestant("raw produce", "ceiling", work)


def producer_settings() -> dict[str, Any]:
    return settings_shown(config.transactional(wiring.kafka("bench"), "one a contestant"))
