"""The plan of a sink's dead letters: topic by topic, for a sink reads many."""

from collections import defaultdict
from collections.abc import Sequence

from backbone.replay.parked import Parked
from backbone.replay.plan import Planned, Target
from backbone.replay.plan import planned as planned_by
from cli import wiring
from consumers.catalog import SINKS


def planned(name: str, parked: Sequence[Parked]) -> list[Planned]:
    """Raises Transient, Misconfigured."""
    from cli import sink_wiring  # noqa: PLC0415 - Polars and ClickHouse's client

    topics = topics_of(name)
    states = wiring.topics_as_declared(set(topics))
    rehearsal = sink_wiring.rehearsal(name)
    groups: defaultdict[str, list[Parked]] = defaultdict(list)
    for each in parked:
        origin = each.letter.origin
        # what stood elsewhere is told so, whichever topic it is compared with
        topic = origin.topic if origin is not None and origin.topic in topics else topics[0]
        groups[topic].append(each)
    return [
        found
        for topic, some in sorted(groups.items())
        for found in planned_by(
            some, Target(topic, states[topic].topic_id, states[topic].partitions), rehearsal
        )
    ]


def topics_of(name: str) -> Sequence[str]:
    return SINKS[name].topics(wiring.contracts())
