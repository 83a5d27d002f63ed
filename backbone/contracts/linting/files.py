"""C: the file, and its `contract` attribute."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from backbone.contracts.attributes import day
from backbone.contracts.contract import PII
from backbone.contracts.linting.code import (
    CURRENCY,
    INSTANT,
    KEY,
    Code,
    Example,
    Found,
    having,
    with_contract,
)
from backbone.contracts.nodes import Json, parts

_TAGGED = having("string", "note", **{"confluent:tags": [PII]})
_ENDED = {"name": "ThingEnded", "doc": "It ended."}
_LET_THROUGH = {"code": "N003", "field": "itIs", "reason": "Its readers know it so."}

CODES: Mapping[str, Code] = {
    "C001": Code(
        "the file is no contract",
        "name it <fact_name>.v<major>.avsc; hold one record",
        "The file's name says which fact and which major version it holds: tools find it by that.",
        Example(file="thing_happened.avsc"),
        Example(),
    ),
    "C002": Code(
        "an attribute of `contract` is missing or wrong",
        "give it, as the finding says",
        "Topic, order, owner and the rest are promises. What is not said is guessed by somebody.",
        with_contract(owner=""),
        with_contract(owner="billing-team"),
    ),
    "C003": Code(
        "the key is no string field",
        "name a field that is text and never null",
        "The key decides the partition, and so the order of facts: without it there is none.",
        with_contract(key="nothing"),
        with_contract(key="thing_id"),
    ),
    "C004": Code(
        "the order version orders nothing",
        'name a timestamp-micros or long field that is never null, or "log"',
        "Views keep the newest fact of a key, and newest means this number.",
        with_contract(order="thing_id"),
        Example({**having(INSTANT, "seen_at"), "contract": {"order": "seen_at"}}),
    ),
    "C005": Code(
        "two contracts contradict each other",
        "let the facts of one topic agree",
        "Facts of one topic share its partitions, its retention and its key.",
        Example(beside={"thing_ended.v1.avsc": {**_ENDED, "contract": {"partitions": 3}}}),
        Example(beside={"thing_ended.v1.avsc": _ENDED}),
    ),
    "C006": Code(
        "topic and file have different majors",
        "a breaking change gets a new topic",
        "Readers of a topic must be able to read all of it: another major is another topic.",
        with_contract(topic="test.thing.v2"),
        with_contract(topic="test.thing.v1"),
    ),
    "C007": Code(
        "personal data, and nobody says whose",
        'name the field in `erasure_subject`, or give null and an "erasure_reason"',
        "Who asks to be forgotten is found by this field. Without it every fact must be read.",
        Example(_TAGGED),
        Example({**_TAGGED, "contract": {"erasure_subject": "thing_id"}}),
    ),
    "C008": Code(
        "deprecated without a last day",
        'give "sunset", such as "2027-06-30"',
        "Readers plan by a day; without one, nothing that is deprecated ever ends.",
        with_contract(status="deprecated"),
        with_contract(status="deprecated", sunset="2999-12-31"),
    ),
    "C009": Code(
        "the last day is past",
        "retire it, or agree on a later day with its readers",
        "A day that passes without anything happening teaches readers not to believe the next one.",
        with_contract(status="deprecated", sunset="2020-12-31"),
        with_contract(status="retired", sunset="2020-12-31"),
    ),
    "C010": Code(
        "something is let through that is not there",
        "take the suppression away",
        "A suppression of nothing hides the next finding of that code at that field.",
        with_contract(suppressions=[{**_LET_THROUGH, "until": "2999-12-31"}]),
        Example(
            {
                **having("int", "itIs"),
                "contract": {"suppressions": [{**_LET_THROUGH, "until": "2999-12-31"}]},
            }
        ),
    ),
    "C011": Code(
        "something was let through until a day that is past",
        "mend what it lets through, or give a later day and say why",
        "What is let through for ever is no exception but the rule.",
        Example(
            {
                "fields": [KEY, CURRENCY],
                "contract": {"suppressions": [{**_LET_THROUGH, "until": "2020-12-31"}]},
            }
        ),
        Example(),
    ),
}


def lifecycle(schema: Json, today: date) -> Found:
    """What a contract says of erasure and of its end, against its fields and against today."""
    contract = schema.get("contract")
    if not isinstance(contract, dict):
        return
    if not _says_whose(schema, contract):
        yield "C007", "contract.erasure_subject"
    if contract.get("status") != "deprecated":
        return
    last = day(contract.get("sunset"))
    if "sunset" not in contract:
        yield "C008", "contract.sunset"
    elif last is not None and last < today:
        yield "C009", "contract.sunset"


def _says_whose(schema: Json, contract: Mapping[str, Any]) -> bool:
    every = list(parts(schema))
    subject, reason = contract.get("erasure_subject"), contract.get("erasure_reason")
    if subject is not None:
        return any(each.is_field and each.path == subject for each in every) and reason is None
    if reason is not None:
        return "erasure_subject" in contract
    tags = (each.node.get("confluent:tags") for each in every)
    tagged = any(isinstance(each, list) and PII in each for each in tags)
    return not tagged and "erasure_subject" not in contract
