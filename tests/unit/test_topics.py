import pytest

from backbone.contracts.catalog import Contracts
from backbone.errors import Misconfigured
from backbone.log import TopicSpec, TopicState
from backbone.memory.log import MemoryAdmin, MemoryLog
from backbone.settings import REPOSITORY
from backbone.topics import Action, apply, declared, plan, require, retention_ms

IS = {"cleanup.policy": "delete", "retention.ms": "1000", "max.message.bytes": "100"}


def _planned(spec: TopicSpec, retention: str = "1000") -> tuple[Action, str]:
    state = TopicState("t", "id", 4, {**IS, "retention.ms": retention})
    change = plan([spec], {"t": state})[0]
    return change.action, change.why


def test_a_missing_topic_is_created_and_a_second_plan_keeps_it() -> None:
    admin = MemoryAdmin(MemoryLog())
    specs = [TopicSpec("t", 4, {"retention.ms": "5"})]
    changes = plan(specs, admin.describe(["t"]))
    assert [change.action for change in changes] == [Action.CREATE]
    assert list(apply(changes, admin)) == changes
    assert [change.action for change in plan(specs, admin.describe(["t"]))] == [Action.KEEP]


def test_a_changed_setting_is_configured_and_named() -> None:
    spec = TopicSpec("t", 4, {"max.message.bytes": "200"})
    assert _planned(spec) == (Action.CONFIGURE, "max.message.bytes: 100 -> 200")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (TopicSpec("t", 2), "facts would go"),
        (TopicSpec("t", 8), "keys would move"),
        (TopicSpec("t", 4, {"cleanup.policy": "compact"}), "records would be deleted"),
        (TopicSpec("t", 4, {"retention.ms": "999"}), "the broker would delete what is older"),
    ],
)
def test_what_would_lose_or_reorder_facts_is_refused_with_the_reason(
    spec: TopicSpec, why: str
) -> None:
    action, told = _planned(spec)
    assert action is Action.REFUSE
    assert why in told


def test_keeping_longer_is_no_danger_and_keeping_for_ever_neither() -> None:
    assert _planned(TopicSpec("t", 4, {"retention.ms": "2000"}))[0] is Action.CONFIGURE
    assert _planned(TopicSpec("t", 4, {"retention.ms": "-1"}))[0] is Action.CONFIGURE


def test_for_ever_cannot_become_a_week_by_a_plan() -> None:
    spec = TopicSpec("t", 4, {"retention.ms": retention_ms("7d")})
    assert _planned(spec, retention="-1")[0] is Action.REFUSE


def test_a_refused_topic_is_left_as_it_is() -> None:
    admin = MemoryAdmin(MemoryLog())
    admin.create(TopicSpec("t", 4))
    changes = plan([TopicSpec("t", 8)], admin.describe(["t"]))
    assert list(apply(changes, admin)) == []
    assert admin.describe(["t"])["t"].partitions == 4


def test_every_fact_source_and_processor_has_its_topics() -> None:
    contracts = Contracts.load(REPOSITORY / "avro")
    specs = declared(contracts, ["shop"], ["prices"], {"prices": "pricing.price.v1"})
    names = [spec.name for spec in specs]
    assert names[: len(contracts.topics)] == list(contracts.topics)
    assert names[len(contracts.topics) :] == [
        "cursor.shop",
        "dlq.shop",
        "dlq.prices",
        "retry.shop",
        "replayed.shop",
        "retry.prices",
        "replayed.prices",
    ]


def test_what_is_tried_again_stands_in_the_partitions_that_the_facts_stand_in() -> None:
    contracts = Contracts.load(REPOSITORY / "avro")
    specs = declared(contracts, ["shop"], ["prices", "warehouse"], {"prices": "pricing.price.v1"})
    partitions = {spec.name: spec.partitions for spec in specs}
    assert partitions["retry.prices"] == partitions["replayed.prices"] == 4
    assert partitions["retry.warehouse"] == partitions["replayed.warehouse"] == 1
    assert partitions["retry.shop"] == 1


def test_at_start_a_missing_topic_and_another_count_of_partitions_are_refused() -> None:
    states = {"t": TopicState("t", "id", 8, IS)}
    with pytest.raises(Misconfigured, match="t has 8 partitions, not 4; u does not exist"):
        require([TopicSpec("t", 4), TopicSpec("u", 4)], states)
    require([TopicSpec("t", 8)], states)
