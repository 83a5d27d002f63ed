"""Topics as declared and as they are: a plan first, then its changes, never a loss.

Fact topics come from the contracts; cursor, dead-letter and retry topics from the catalogs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from backbone import dead_letters
from backbone.contracts.catalog import Contracts
from backbone.errors import Misconfigured
from backbone.log import TopicAdmin, TopicSpec, TopicState

FACT_MAX_BYTES = 1024 * 1024
_FOR_EVER = "-1"
_DAY_MS = 24 * 60 * 60 * 1000


class Action(StrEnum):
    CREATE = "create"
    CONFIGURE = "configure"
    KEEP = "keep"
    REFUSE = "refuse"  # would lose or reorder data: an operator's decision, not a plan's


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about one topic, and why."""

    action: Action
    topic: str
    why: str
    spec: TopicSpec
    config: Mapping[str, str] = field(default_factory=dict)


def cursor_topic(source: str) -> str:
    return f"cursor.{source}"


def retry_topic(name: str) -> str:
    """What is to be tried again by the processor or source of that name, and by nobody else."""
    return f"retry.{name}"


def replayed_topic(name: str) -> str:
    """What became of what was tried again, as its owner tells it."""
    return f"replayed.{name}"


def declared(
    contracts: Contracts,
    sources: Sequence[str],
    processors: Sequence[str],
    retried: Mapping[str, str] | None = None,
) -> list[TopicSpec]:
    """Every topic that the contracts and catalogs call for. `retried`: the processors whose order
    counts, with the topic each reads: its partitions are those of its retries."""
    facts = {
        contract.topic: TopicSpec(
            contract.topic,
            contract.partitions,
            {
                "cleanup.policy": "delete",
                "retention.ms": retention_ms(contract.retention),
                "retention.bytes": "-1",
                "max.message.bytes": str(FACT_MAX_BYTES),
                # publish time by the broker's clock: a producer's may run ahead, and what it
                # published would then seem fresh for as long
                "message.timestamp.type": "LogAppendTime",
            },
        )
        for contract in contracts.values()
    }
    cursors = [TopicSpec(cursor_topic(name), 1, _CURSOR) for name in sources]
    dead = [
        TopicSpec(dead_letters.topic_of(name), 1, _DEAD_LETTERS) for name in (*sources, *processors)
    ]
    shares = dict.fromkeys((*sources, *processors), 1)
    shares |= {name: facts[topic].partitions for name, topic in (retried or {}).items()}
    again = [
        TopicSpec(topic(name), partitions, config)
        for name, partitions in shares.items()
        for topic, config in ((retry_topic, _DEAD_LETTERS), (replayed_topic, _REPLAYED))
    ]
    return [*facts.values(), *cursors, *dead, *again]


_CURSOR = {
    # a small log, read from its end at every start: compacted soon, in small segments
    "cleanup.policy": "compact",
    "segment.bytes": str(16 * 1024 * 1024),
    "segment.ms": str(_DAY_MS),
    "min.cleanable.dirty.ratio": "0.5",
    # by the broker's clock, as its facts: who was published up to a cursor is told by time
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": str(FACT_MAX_BYTES),
}
_DEAD_LETTERS = {
    "cleanup.policy": "delete",
    "retention.ms": str(30 * _DAY_MS),
    "max.message.bytes": str(dead_letters.TOPIC_MAX_BYTES),
}
# kept longer than what it tells of
_REPLAYED = {"cleanup.policy": "delete", "retention.ms": str(90 * _DAY_MS)}


def retention_ms(retention: str) -> str:
    """`forever`, or days as in `30d`."""
    return _FOR_EVER if retention == "forever" else str(int(retention.removesuffix("d")) * _DAY_MS)


def require(specs: Sequence[TopicSpec], states: Mapping[str, TopicState]) -> None:
    """At start: raises Misconfigured unless every topic is there with its declared partitions, for
    a key's partition follows from their count."""
    wrong = [
        f"{spec.name} does not exist"
        if spec.name not in states
        else f"{spec.name} has {states[spec.name].partitions} partitions, not {spec.partitions}"
        for spec in specs
        if spec.name not in states or states[spec.name].partitions != spec.partitions
    ]
    if wrong:
        raise Misconfigured(
            f"the topics are not as declared: {'; '.join(wrong)}. Run `backbone topics plan`"
        )


def plan(specs: Sequence[TopicSpec], states: Mapping[str, TopicState]) -> list[Change]:
    """Compare, topic by topic; nothing is done yet."""
    return [_change(spec, states.get(spec.name)) for spec in specs]


def apply(changes: Sequence[Change], admin: TopicAdmin) -> Iterator[Change]:
    """Carry out what is not refused, one by one; yields each change once it is done."""
    for change in changes:
        if change.action is Action.CREATE:
            admin.create(change.spec)
        elif change.action is Action.CONFIGURE:
            admin.configure(change.topic, change.config)
        else:
            continue
        yield change


def _change(spec: TopicSpec, state: TopicState | None) -> Change:
    if state is None:
        return Change(Action.CREATE, spec.name, f"{spec.partitions} partitions", spec)
    dangers = list(_dangers(spec, state))
    if dangers:
        return Change(Action.REFUSE, spec.name, "; ".join(dangers), spec)
    differing = {
        name: value for name, value in spec.config.items() if state.config.get(name) != value
    }
    if differing:
        why = ", ".join(
            f"{name}: {state.config.get(name)} -> {value}" for name, value in differing.items()
        )
        return Change(Action.CONFIGURE, spec.name, why, spec, differing)
    return Change(Action.KEEP, spec.name, "as declared", spec)


def _dangers(spec: TopicSpec, state: TopicState) -> Iterator[str]:
    if spec.partitions < state.partitions:
        yield f"{state.partitions} partitions cannot become {spec.partitions}: facts would go"
    if spec.partitions > state.partitions:
        yield (
            f"{state.partitions} partitions would become {spec.partitions}: keys would move to "
            "other partitions and lose their order; declare a new major topic instead"
        )
    before, after = state.config.get("cleanup.policy"), spec.config.get("cleanup.policy")
    if after is not None and before is not None and before != after:
        yield f"cleanup.policy {before} would become {after}: records would be deleted"
    for name in ("retention.ms", "retention.bytes"):
        if _shorter(spec.config.get(name), state.config.get(name)):
            yield (
                f"{name} {state.config[name]} would become {spec.config[name]}: the broker would "
                "delete what is older; set it by hand if that is meant"
            )


def _shorter(after: str | None, before: str | None) -> bool:
    if after is None or before is None or after == _FOR_EVER:
        return False
    return before == _FOR_EVER or int(after) < int(before)
