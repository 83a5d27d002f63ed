from typing import Any

import pytest

from backbone.impact.judging import Case, Judgement, judge
from backbone.impact.reader import Channel, Reader
from backbone.impact.revision import Revision
from backbone.impact.verdict import Verdict, worst
from tests.unit.impact.things import FACT, field, reader, thing

MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 19, "scale": 4}


def judged(old: Revision, new: Revision, *readers: Reader, **more: Any) -> list[Judgement]:
    versions = more.pop("versions", [old.text])
    return judge(Case(old, new, versions, **more), readers)


def test_nothing_is_said_of_a_contract_that_did_not_change() -> None:
    assert judged(thing(field("count")), thing(field("count"))) == []


def test_the_reader_of_a_field_that_goes_is_named_with_field_version_and_remedy() -> None:
    found = judged(thing(field("count")), thing(), reader(Channel.VIEW, "count"))
    assert found == [
        Judgement(
            verdict=Verdict.BREAKS,
            fact=FACT,
            field="count",
            change="field removed: int",
            rule="refuses",
            who="view it",
            against="1",
            why="the field it reads is no longer there",
            instead="keep the field until nobody reads it; let its readers go first",
        )
    ]


def test_a_breaking_change_that_nobody_reads_is_named_as_such() -> None:
    (found,) = judged(thing(field("count")), thing(), reader(Channel.VIEW, "weight"))
    assert (found.verdict, found.rule, found.who) == (Verdict.UNREAD, "refuses", "")
    assert found.why == ("who has version 1 cannot read new facts: missing, and has no default")


def test_a_column_alone_makes_no_reader() -> None:
    found = judged(thing(field("count")), thing(), reader(Channel.WAREHOUSE, "count"))
    assert [(each.verdict, each.who) for each in found] == [
        (Verdict.UNREAD, ""),
        (Verdict.HARMS, "warehouse it"),
    ]


def test_a_required_field_keeps_every_view_from_the_past_whatever_it_reads() -> None:
    found = judged(thing(), thing(field("count")), reader(Channel.VIEW, "thing_id"))
    assert [(each.verdict, each.field, each.who) for each in found] == [
        (Verdict.BREAKS, "count", "view it")
    ]
    assert found[0].why.startswith("facts of version 1 can no longer be read")


def test_every_past_version_counts() -> None:
    first, latest = thing(field("count", "string", default="")), thing()
    found = judged(
        latest,
        thing(field("count", "int", default=0)),
        reader(Channel.VIEW, "thing_id"),
        versions=[first.text, latest.text],
    )
    assert [(each.verdict, each.field, each.against) for each in found] == [
        (Verdict.BREAKS, "count", "1")
    ]


def test_another_scale_than_a_version_further_back_is_found_though_no_registry_sees_it() -> None:
    first, latest = thing(field("price", MONEY)), thing()
    new = thing(field("price", ["null", {**MONEY, "scale": 2}], default=None))
    found = judged(latest, new, reader(Channel.VIEW, "price"), versions=[first.text, latest.text])
    assert (Verdict.BREAKS, "scale changed: decimal(19, 4) -> decimal(19, 2)?") in [
        (each.verdict, each.change) for each in found
    ]


def test_what_was_let_through_once_is_not_told_again() -> None:
    first, latest = thing(field("price", MONEY)), thing(field("price", {**MONEY, "scale": 2}))
    new = thing(
        field("price", {**MONEY, "scale": 2}), field("note", ["null", "string"], default=None)
    )
    found = judged(latest, new, reader(Channel.VIEW, "price"), versions=[first.text, latest.text])
    assert [(each.verdict, each.change) for each in found] == [
        (Verdict.SAFE, "field added: string?")
    ]


def test_a_default_that_changes_under_facts_without_the_field_harms() -> None:
    first = thing()
    old, new = thing(field("count", default=0)), thing(field("count", default=1))
    found = judged(old, new, reader(Channel.VIEW, "count"), versions=[first.text, old.text])
    assert ("past default changed: 0 -> 1", Verdict.HARMS) in [
        (each.change, each.verdict) for each in found
    ]
    assert judged(old, new, reader(Channel.VIEW, "count"))[0].verdict is Verdict.SAFE


@pytest.mark.parametrize(
    ("expected", "new", "verdict"),
    [
        ({"symbols": frozenset({"A", "B"})}, ("A", "B", "C"), Verdict.HARMS),
        ({"symbols": frozenset({"A", "B", "C"})}, ("A", "B", "C"), Verdict.SAFE),
        ({}, ("A", "B", "C"), Verdict.SAFE),
    ],
)
def test_a_new_symbol_harms_whom_it_surprises(
    expected: dict[str, Any], new: tuple[str, ...], verdict: Verdict
) -> None:
    def state(*symbols: str) -> Any:
        kind = {"type": "enum", "name": "State", "symbols": list(symbols), "default": "A"}
        return thing(field("state", kind))

    found = judged(state("A", "B"), state(*new), reader(Channel.TOPIC, "state", **expected))
    assert worst([each.verdict for each in found]) is verdict


def test_a_reader_that_may_hold_personal_data_is_not_harmed_by_a_tag() -> None:
    old, new = thing(field("note")), thing(field("note", **{"confluent:tags": ["PII"]}))
    cleared = reader(Channel.TOPIC, "note", personal=True)
    assert [each.verdict for each in judged(old, new, cleared)] == [Verdict.SAFE]
    assert [each.verdict for each in judged(old, new, reader(Channel.TOPIC, "note"))] == [
        Verdict.HARMS
    ]


def test_whoever_reads_a_fact_reads_its_key() -> None:
    old = thing(field("other_id", "string"))
    new = thing(field("other_id", "string"), key="other_id")
    found = judged(old, new, reader(Channel.VIEW, "count"))
    assert [(each.verdict, each.who) for each in found] == [(Verdict.BREAKS, "view it")]


def test_a_whole_record_is_read_by_its_own_path() -> None:
    def lines(kind: str) -> Revision:
        part = {"type": "record", "name": "Part", "fields": [field("count", kind)]}
        return thing(field("lines", {"type": "array", "items": part}))

    found = judged(lines("int"), lines("string"), reader(Channel.VIEW, "lines"))
    assert {(each.verdict, each.field) for each in found} == {(Verdict.BREAKS, "lines.count")}


def test_a_fact_that_goes_breaks_everybody() -> None:
    found = judge(Case(thing(), None, [thing().text]), [reader(Channel.TOPIC, "thing_id")])
    assert [(each.verdict, each.change, each.who) for each in found] == [
        (Verdict.BREAKS, "fact removed", "it (topic)")
    ]


def test_what_the_registry_says_counts_more_than_our_own_rule() -> None:
    old, new = thing(field("count")), thing()
    (allowed,) = judged(old, new, said=[])
    assert (allowed.rule, allowed.verdict) == ("allows", Verdict.SAFE)
    (refused,) = judged(old, new, said=["no"])
    assert (refused.rule, refused.verdict) == ("refuses", Verdict.UNREAD)


def test_a_registrys_no_without_a_reason_of_ours_is_told_by_itself() -> None:
    old, new = thing(), thing(field("count", default=0))
    found = judged(old, new, reader(Channel.VIEW, "thing_id"), said=["because"])
    assert [(each.change, each.verdict) for each in found] == [
        ("field added: int", Verdict.SAFE),
        ("refused", Verdict.BREAKS),
    ]


def test_an_objective_is_harmed_only_where_it_is_shorter_than_the_promise() -> None:
    old, new = thing(), thing(freshness_seconds=300)
    quick = Reader("quick", Channel.TOPIC, {FACT: {}}, freshness_seconds=60)
    patient = Reader("patient", Channel.TOPIC, {FACT: {}}, freshness_seconds=600)
    assert [each.who for each in judged(old, new, quick, patient)] == ["quick (topic)"]
