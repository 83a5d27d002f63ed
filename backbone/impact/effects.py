"""What each kind of change does to who reads by each channel: one row per kind.

A row says what to do instead, and per channel the verdict and why; a channel that is not named is
safe. docs/impact.md has the same verdicts for people; a test holds both together. What a reader
expects of a field (`backbone/impact/expectations.py`) is judged beside this, and so is whether the
bytes can be read at all (`backbone/impact/rule.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backbone.impact.reader import Channel
from backbone.impact.verdict import Verdict

Effect = tuple[Verdict, str]


@dataclass(frozen=True, slots=True)
class Effects:
    """`inside`: what differs for a field inside of a record. `met_by`: the expectation that makes
    the change safe for a reader who declares it."""

    instead: str
    by: Mapping[Channel, Effect] = field(default_factory=dict)
    inside: Mapping[Channel, Effect] = field(default_factory=dict)
    met_by: str = ""

    def on(self, channel: Channel, path: str) -> Effect:
        by = {**self.by, **self.inside} if "." in path else self.by
        return by.get(channel, (Verdict.SAFE, ""))


HARMS, BREAKS = Verdict.HARMS, Verdict.BREAKS
_VIEW, _GATEWAY, _COLUMN = Channel.VIEW, Channel.GATEWAY, Channel.WAREHOUSE
_TOPIC, _MODEL = Channel.TOPIC, Channel.MODEL
_NEW_FIELD = "add a field beside it, let its readers move, then deprecate this one"
_NEW_MAJOR = "start a new major version on a topic of its own, with a bridge to this one"
_COLUMN_TYPE = "the loader changes no column's type and would refuse to start"


def _all(verdict: Verdict, why: str) -> dict[Channel, Effect]:
    return dict.fromkeys(Channel, (verdict, why))


_GONE = "the field it reads is no longer there"
_OTHER = "it gets a value of another type"
_UNREADABLE = "our codec refuses facts written before"
_REREAD = "facts written before are read as other values"
SAFE_KINDS: Mapping[str, str] = {
    "field_added": "",
    "null_moved": "leave null where it was: it changes nothing but the bytes",
    "symbol_added": "",
    "symbols_reordered": "",
    "enum_default_changed": "keep the default: old readers show their own",
    "default_added": "",
    "default_changed": "keep the default: facts written before take the new one",
    "default_removed": "keep the default",
    "doc_changed": "",
    "tag_changed": "",
    "pii_removed": "be sure that it is no personal data: from now on people see it in the clear",
    "rule_tightened": "check that every source keeps the rule: what breaks it is refused",
    "rule_loosened": "",
    "rule_changed": "check that every source keeps the rule: what breaks it is refused",
    "fact_rules_changed": "check that every source keeps the rules: what breaks them is refused",
    "aliases_changed": "use no aliases: readers differ on them",
    "fields_reordered": "leave fields where they are: it changes nothing but the bytes",
    "fact_added": "",
    "retention_lengthened": "",
    "freshness_tightened": "check that its source keeps up",
    "classification_lowered": "be sure of it: who may see the fact follows from it",
    "owner_changed": "",
    "system_of_record_changed": "let one source stop before the other begins",
    "status_changed": "",
    "sunset_changed": "tell the readers",
    "attribute_changed": "",
    "refused": "a version further back cannot live with it: start a new major version",
}

REFUSED: Mapping[str, str] = {
    "field_added": "give it a default; null, where nothing else fits",
    "symbol_added": "give the enum a default symbol, one version before a new symbol",
    "symbol_removed": "keep the symbol and publish it no more",
    "default_removed": "keep the default",
    "aliases_changed": "use no aliases: registries do not follow them",
}
"""What to do instead where the registry refuses a change that is safe otherwise."""

EFFECTS: Mapping[str, Effects] = {
    **{kind: Effects(instead) for kind, instead in SAFE_KINDS.items()},
    "field_removed": Effects(
        "keep the field until nobody reads it; let its readers go first",
        {
            **_all(BREAKS, _GONE),
            _COLUMN: (HARMS, "the column stays, and newer rows hold nothing or its type's zero"),
            _MODEL: (HARMS, "it gets the default for ever"),
        },
        inside={_COLUMN: (BREAKS, _COLUMN_TYPE)},
    ),
    "type_widened": Effects(
        _NEW_FIELD,
        {
            _GATEWAY: (HARMS, "it is served as another type of number"),
            _COLUMN: (BREAKS, _COLUMN_TYPE),
            _TOPIC: (HARMS, "it gets numbers that may not fit where they did"),
        },
    ),
    "type_narrowed": Effects(
        _NEW_FIELD,
        {
            _GATEWAY: (HARMS, "it is served as another type of number"),
            _COLUMN: (BREAKS, _COLUMN_TYPE),
        },
    ),
    "type_swapped": Effects(
        _NEW_FIELD,
        {
            **_all(BREAKS, "it gets bytes where it took text, or text where it took bytes"),
            _COLUMN: (HARMS, "the column's type is the same and what it holds is not"),
        },
    ),
    "type_changed": Effects(_NEW_FIELD, {**_all(BREAKS, _OTHER), _COLUMN: (BREAKS, _COLUMN_TYPE)}),
    "made_nullable": Effects(
        _NEW_FIELD,
        {
            **_all(HARMS, "it gets null where there always was a value"),
            _COLUMN: (BREAKS, _COLUMN_TYPE),
        },
    ),
    "made_required": Effects(_NEW_FIELD, {_COLUMN: (BREAKS, _COLUMN_TYPE)}),
    "symbol_removed": Effects(
        "keep the symbol and publish it no more",
        {
            _VIEW: (HARMS, "facts that hold it are read as the enum's default"),
            _GATEWAY: (HARMS, "entries that hold it become the enum's default in a rebuild"),
            _COLUMN: (HARMS, "rows loaded again hold the enum's default instead"),
        },
    ),
    "scale_changed": Effects(
        _NEW_FIELD,
        {
            **_all(HARMS, "the registry lets it through, and amounts are wrong by powers of ten"),
            _VIEW: (BREAKS, f"the registry lets it through, and {_UNREADABLE}"),
            _COLUMN: (BREAKS, _COLUMN_TYPE),
        },
    ),
    "precision_raised": Effects(
        _NEW_FIELD,
        {
            _COLUMN: (BREAKS, _COLUMN_TYPE),
            _TOPIC: (HARMS, "it gets more digits than it was told to have room for"),
            _MODEL: (HARMS, "it gets more digits than it was told to have room for"),
        },
    ),
    "precision_lowered": Effects(
        _NEW_FIELD,
        {
            _VIEW: (HARMS, "facts written before with more digits are dead letters when read"),
            _GATEWAY: (HARMS, "entries with more digits are lost in a rebuild"),
            _COLUMN: (BREAKS, _COLUMN_TYPE),
        },
    ),
    "unsound": Effects(
        "mend what `backbone contracts lint` says",
        dict.fromkeys((_VIEW, _COLUMN), (BREAKS, "no process of ours starts with it")),
    ),
    "size_changed": Effects(_NEW_FIELD, {**_all(BREAKS, _OTHER), _COLUMN: (BREAKS, _COLUMN_TYPE)}),
    "logical_changed": Effects(
        _NEW_FIELD,
        {
            _VIEW: (BREAKS, f"the registry lets it through, and {_UNREADABLE}"),
            _GATEWAY: (BREAKS, f"the registry lets it through, and {_OTHER}"),
            _COLUMN: (BREAKS, _COLUMN_TYPE),
            _TOPIC: (HARMS, f"the registry lets it through, and {_REREAD}"),
            _MODEL: (HARMS, f"the registry lets it through, and {_REREAD}"),
        },
    ),
    "became_uuid": Effects(
        _NEW_FIELD,
        {
            _VIEW: (HARMS, "facts written before whose text is no UUID are dead letters when read"),
            _GATEWAY: (HARMS, "entries whose text is no UUID are lost in a rebuild"),
            _COLUMN: (BREAKS, _COLUMN_TYPE),
        },
    ),
    "no_longer_uuid": Effects(
        _NEW_FIELD,
        {
            **_all(HARMS, "it gets text where it always got a UUID"),
            _COLUMN: (BREAKS, _COLUMN_TYPE),
        },
    ),
    "type_renamed": Effects("keep the name: readers match types by it"),
    "past_default_changed": Effects(
        "keep the default",
        {
            _VIEW: (HARMS, "facts written before the field was there take the new default"),
            _GATEWAY: (HARMS, "entries from before the field was there change in a rebuild"),
            _COLUMN: (HARMS, "rows loaded again take the new default"),
        },
    ),
    "unit_changed": Effects(
        _NEW_FIELD, _all(HARMS, "the same number means something else"), met_by="unit"
    ),
    "pii_added": Effects(
        "agree with its readers first that they may hold personal data",
        dict.fromkeys(
            (_GATEWAY, _COLUMN, _TOPIC, _MODEL),
            (HARMS, "what it holds and shows is personal data from now on"),
        ),
        met_by="personal",
    ),
    "fact_renamed": Effects(_NEW_MAJOR, _all(BREAKS, "it reads a fact of the old name")),
    "fact_removed": Effects(
        "deprecate it with a sunset, and retire it then", _all(BREAKS, "the fact is gone")
    ),
    "topic_changed": Effects(
        _NEW_MAJOR,
        dict.fromkeys(
            (_VIEW, _GATEWAY, _TOPIC, _MODEL),
            (BREAKS, "it reads the old topic, where nothing comes any more"),
        ),
    ),
    "key_changed": Effects(
        _NEW_MAJOR,
        {
            **_all(BREAKS, "facts of one aggregate lie in other partitions, under other keys"),
            _COLUMN: (Verdict.SAFE, ""),
        },
    ),
    "order_changed": Effects(
        "give every view of the fact a new version with it, so that it is built anew",
        dict.fromkeys(
            (_VIEW, _GATEWAY), (BREAKS, "stored order versions and new ones cannot be compared")
        ),
    ),
    "partitions_changed": Effects(
        _NEW_MAJOR,
        {
            **_all(BREAKS, "keys move to other partitions and lose their order"),
            _COLUMN: (Verdict.SAFE, ""),
        },
    ),
    "retention_shortened": Effects(
        "keep the retention, or agree on where a rebuild begins",
        dict.fromkeys(
            (_VIEW, _TOPIC, _MODEL), (HARMS, "it cannot be built again from facts that are gone")
        ),
    ),
    "freshness_loosened": Effects(
        "keep the objective, or agree with the readers on theirs",
        _all(HARMS, "its own objective is shorter than the fact's"),
    ),
    "classification_raised": Effects(
        "agree with its readers first that they may see it",
        dict.fromkeys(
            (_TOPIC, _MODEL), (HARMS, "it holds a fact of a higher classification from now on")
        ),
    ),
    "residency_changed": Effects(
        "ask each reader where it keeps the fact",
        dict.fromkeys(
            (_TOPIC, _MODEL), (HARMS, "it may keep the fact outside of where it may lie")
        ),
    ),
    "deprecated": Effects(
        "name the fact that follows it, and bridge it until the sunset",
        dict.fromkeys(
            (_VIEW, _TOPIC, _MODEL),
            (HARMS, "it must move before the sunset"),
        ),
    ),
    "retired": Effects(
        "deprecate it with a sunset first",
        dict.fromkeys(
            (_VIEW, _GATEWAY, _TOPIC, _MODEL),
            (BREAKS, "nothing is published any more"),
        ),
    ),
}
