"""Judging: one changed contract, against the registry's rule and against everybody who reads it.

Per change: who is hit and how badly, on which field, against which past version, what to do
instead. A change that hits nobody is told too: as safe, or as unread where the registry refuses it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from backbone.impact.change import FACT, Change
from backbone.impact.changes import changes
from backbone.impact.effects import EFFECTS, REFUSED
from backbone.impact.hits import Hit, hits
from backbone.impact.past_changes import past_changes
from backbone.impact.reader import Channel, Reader
from backbone.impact.revision import Revision
from backbone.impact.rule import Refusal, other_meaning, refusals, touching
from backbone.impact.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one change does to one reader; `who` is empty where it hits nobody.

    `rule`: what the registry says of it, "allows" or "refuses". `against`: the past versions that
    `why` speaks of.
    """

    verdict: Verdict
    fact: str
    field: str
    change: str
    rule: str
    who: str
    against: str
    why: str
    instead: str


@dataclass(frozen=True, slots=True)
class Case:
    """A contract before and after (None: there is none), the registered texts of its subject,
    oldest first, what a registry said of the new one, where one was asked, and where it is not
    sound: pairs of path and what is wrong."""

    before: Revision | None
    after: Revision | None
    versions: Sequence[str] = ()
    said: Sequence[str] | None = None
    unsound: Sequence[tuple[str, str]] = ()


def judge(case: Case, readers: Sequence[Reader]) -> list[Judgement]:
    """Every change of the contract; empty where nothing has changed."""
    old, new = case.before, case.after
    if new is None:
        return list(_gone(case, readers))
    if old is None:
        return [_row(new.type, Change("fact_added", FACT), "allows", _NOBODY)]
    if old.schema == new.schema:
        return []
    concerned = _concerned(old, readers)
    refused = refusals(case.versions, new.text, case.said)
    past = past_changes(case.versions, old, new)
    found = [*(each for each in changes(old.schema, new.schema) if each not in past), *past]
    rows = [row for each in found for row in _judged(each, case, concerned, refused)]
    rows += [row for each in case.unsound for row in _unsound(each, case, concerned)]
    return [*rows, *_unexplained(old.type, found, concerned, refused)]


def _concerned(old: Revision, readers: Sequence[Reader]) -> list[Reader]:
    return [each for each in readers if old.type in each.reads]


def _gone(case: Case, readers: Sequence[Reader]) -> Iterator[Judgement]:
    if case.before is None:
        return
    change = Change("fact_removed", FACT)
    concerned = _concerned(case.before, readers)
    found = hits(change, case.before, case.before, concerned)
    yield from _rows(case.before.type, change, found, (), len(case.versions))


def _judged(
    change: Change, case: Case, readers: Sequence[Reader], refused: Sequence[Refusal]
) -> Iterator[Judgement]:
    if case.before is None or case.after is None:
        return
    touched = touching(change, refused)
    found = hits(change, case.before, case.after, readers)
    found += _undecoded([*touched, *other_meaning(change, len(case.versions))], readers)
    yield from _rows(case.before.type, change, _one_each(found), touched, len(case.versions))


def _unsound(
    problem: tuple[str, str], case: Case, readers: Sequence[Reader]
) -> Iterator[Judgement]:
    """It is the whole contract that cannot be used: everybody of ours is hit, not a field."""
    if case.before is None or case.after is None:
        return
    everybody = hits(Change("unsound", FACT), case.before, case.after, readers)
    tables = [replace(each, who=each.who.partition(".")[0]) for each in everybody]
    change = Change("unsound", problem[0], after=problem[1])
    yield from _rows(case.before.type, change, _one_each(tables), (), len(case.versions))


def _undecoded(touched: Sequence[Refusal], readers: Sequence[Reader]) -> list[Hit]:
    """Who cannot decode: ours decode with the new contract, models with an old one."""
    found: list[Hit] = []
    for each in touched:
        channels = (Channel.MODEL,) if each.forward else (Channel.VIEW, Channel.WAREHOUSE)
        named = dict.fromkeys(_decoder(reader) for reader in readers if reader.channel in channels)
        found += [Hit(who, Verdict.BREAKS, each.why, each.versions) for who in named]
    return found


def _decoder(reader: Reader) -> str:
    """A column is not decoded by itself: its table is."""
    if reader.ours and reader.channel is Channel.WAREHOUSE:
        return f"{reader.channel} {reader.name.partition('.')[0]}"
    return str(reader)


def _one_each(found: Sequence[Hit]) -> list[Hit]:
    """The worst of each reader: the first of equals."""
    worst: dict[str, Hit] = {}
    for each in found:
        known = worst.get(each.who)
        if known is None or each.verdict.worse_than(known.verdict):
            worst[each.who] = each
    return list(worst.values())


def _rows(
    fact: str, change: Change, found: Sequence[Hit], touched: Sequence[Refusal], latest: int
) -> Iterator[Judgement]:
    told = [replace(each, versions=each.versions or (latest,)) for each in found]
    if touched and not any(each.is_felt for each in found):
        why = "; ".join(each.why for each in touched)
        numbers = {number for each in touched for number in each.versions}
        told.insert(0, Hit("", Verdict.UNREAD, why, tuple(sorted(numbers))))
    for each in told or [_NOBODY]:
        yield _row(fact, change, "refuses" if touched else "allows", each)


def _row(fact: str, change: Change, rule: str, hit: Hit) -> Judgement:
    instead = EFFECTS[change.kind].instead
    if rule == "refuses":
        instead = REFUSED.get(change.kind, instead)
    against = ", ".join(str(each) for each in hit.versions if each)
    where = change.path, str(change), rule
    return Judgement(hit.verdict, fact, *where, hit.who, against, hit.why, instead)


_NOBODY = Hit("", Verdict.SAFE, "")


def _unexplained(
    fact: str, found: Sequence[Change], readers: Sequence[Reader], refused: Sequence[Refusal]
) -> Iterator[Judgement]:
    """What the registry refuses and none of the changes accounts for: a version further back."""
    explained = {id(each) for change in found for each in touching(change, refused)}
    for each in refused:
        if id(each) not in explained:
            change = Change("refused", each.path)
            yield from _rows(fact, change, _undecoded([each], readers), [each], 0)
