"""Which hop is at fault? The rule, in words: docs/explain.md.

Everything is compared with the fact in the log, for it lies between all the others. Who alone
differs from it is named. Where the fact stands alone against all others, it is named itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from backbone.explain import comparing
from backbone.explain.evidence import (
    Account,
    Broken,
    Chapter,
    Difference,
    Evidence,
    Fold,
    Hop,
    Testimony,
    Unseen,
)
from backbone.fact import Fact
from backbone.views.store import Entry


class Verdict(StrEnum):
    """Of all hops together."""

    AGREE = "all agree"
    DISAGREE = "disagree"
    PARTIAL = "partial"  # what was seen agrees, and something was not seen


@dataclass(frozen=True, slots=True)
class Finding:
    """One hop's line. `agrees` None: it was not seen, and `why` says so. `differences` are from the
    fact in the log; of the fact itself, from what the others tell."""

    hop: Hop
    offset: int | None
    testimony: Testimony | None
    agrees: bool | None
    differences: Sequence[Difference] = ()
    why: str = ""
    at_fault: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings in the order of the walk. `certain` is False where two hops differ and there
    was no third to tell who is wrong: the one that can be changed is named then."""

    verdict: Verdict
    at_fault: Sequence[Hop]
    findings: Sequence[Finding]
    certain: bool
    gaps: Sequence[str]


def judge(evidence: Evidence, fold: Fold) -> Judgement:
    log = _History(evidence, fold)
    trials = [_Trial(chapter, log) for chapter in evidence.chapters]
    mended = {each.chapter.offset: each.truth for each in trials if each.fact_is_wrong}
    view = _view_finding(evidence, log, mended)
    findings = [view, *(finding for each in trials for finding in each.findings())]
    faults = [hop for hop in Hop if any(each.hop is hop and each.at_fault for each in findings)]
    unseen = [each for each in findings if each.agrees is None]
    if faults:
        verdict = Verdict.DISAGREE
    else:
        verdict = Verdict.PARTIAL if unseen or evidence.gaps else Verdict.AGREE
    certain = all(each.certain for each in trials)
    return Judgement(verdict, faults, findings, certain, evidence.gaps)


class _History:
    """What the facts in the log make of the key, and what they would with some told otherwise."""

    def __init__(self, evidence: Evidence, fold: Fold) -> None:
        self._evidence = evidence
        self._fold = fold
        self.agrees = not self.differences({})

    def differences(self, told: Mapping[int, Fact | None]) -> list[Difference]:
        """Of the entry from the history in which `told` stands in the place of those facts. What
        the processor has put to its dead letters may be part of the entry, mended, or not."""
        entry = self._evidence.entry
        whole = comparing.entries(entry, self._entry(told, frozenset()))
        if whole and self._evidence.dead:
            without = comparing.entries(entry, self._entry(told, self._evidence.dead))
            return without if len(without) < len(whole) else whole
        return whole

    def _entry(self, told: Mapping[int, Fact | None], left_out: frozenset[int]) -> Entry | None:
        facts = [
            told.get(chapter.offset, _fact(chapter.fact))
            for chapter in self._evidence.chapters
            if chapter.offset not in left_out
        ]
        return self._fold([fact for fact in facts if fact is not None])


class _Trial:
    """One fact with its source row and its warehouse row."""

    def __init__(self, chapter: Chapter, log: _History) -> None:
        self.chapter = chapter
        self._log = log
        asked = {Hop.SOURCE: chapter.source, Hop.WAREHOUSE: chapter.warehouse}
        self._others = {hop: told for hop, told in asked.items() if told is not None}
        self._seen = {
            hop: told for hop, told in self._others.items() if not isinstance(told, Unseen)
        }
        self._differences = {hop: self._from_fact(told) for hop, told in self._seen.items()}
        self._differing = [
            hop
            for hop, told in self._seen.items()
            if isinstance(told, Broken) or self._differences[hop]
        ]
        self.truth = self._told_by_others()
        self.fact_is_wrong = self._is_fact_wrong()
        self.certain = self.fact_is_wrong or not self._differing or self._has_a_third()

    def findings(self) -> list[Finding]:
        found = [self._of_fact()]
        for hop, told in self._others.items():
            if isinstance(told, Unseen):
                found.append(Finding(hop, self.chapter.offset, told, None, why=told.why))
                continue
            agrees = hop not in self._differing
            found.append(
                Finding(
                    hop,
                    self.chapter.offset,
                    told,
                    agrees,
                    () if self.fact_is_wrong else self._differences[hop],
                    told.why if isinstance(told, Broken) else "",
                    at_fault=not agrees and not self.fact_is_wrong,
                )
            )
        return found

    def _of_fact(self) -> Finding:
        fact = self.chapter.fact
        offset = self.chapter.offset
        if isinstance(fact, Unseen):
            return Finding(Hop.FACT, offset, fact, None, why=fact.why)
        if isinstance(fact, Broken):
            return Finding(Hop.FACT, offset, fact, agrees=False, why=fact.why, at_fault=True)
        if not self.fact_is_wrong or self.truth is None:
            return Finding(
                Hop.FACT, offset, fact, agrees=not self._differing or self._has_a_third()
            )
        differences = comparing.accounts(fact, Account("", self.truth, self._truth_keeps()))
        return Finding(Hop.FACT, offset, fact, False, differences, at_fault=True)

    def _from_fact(self, told: Testimony) -> Sequence[Difference]:
        fact = self.chapter.fact
        if isinstance(fact, Account) and isinstance(told, Account):
            return comparing.accounts(told, fact)
        return ()

    def _told_by_others(self) -> Fact | None:
        """What all that were seen tell alike, at this fact's place in the log."""
        accounts = [told for told in self._seen.values() if isinstance(told, Account)]
        if not accounts or len(accounts) < len(self._seen):
            return None
        first, *more = accounts
        if any(comparing.accounts(first, each) for each in more):
            return None
        return _in_place(first, self.chapter)

    def _truth_keeps(self) -> frozenset[str]:
        told = next(iter(self._seen.values()))
        return told.keeps if isinstance(told, Account) else frozenset()

    def _is_fact_wrong(self) -> bool:
        """It stands alone: every other hop tells the same of it, and another thing than it does."""
        if isinstance(self.chapter.fact, Broken):
            return True
        if self.truth is None or len(self._differing) < len(self._seen):
            return False
        return len(self._seen) > 1 or self._view_sides_with_the_others()

    def _view_sides_with_the_others(self) -> bool:
        if self._log.agrees or self.truth is None:
            return False
        return not self._log.differences({self.chapter.offset: self.truth})

    def _has_a_third(self) -> bool:
        """Somebody beside the one that differs confirms the fact: another hop, or the view."""
        if len(self._differing) < len(self._seen):
            return True
        told_otherwise = self._log.differences({self.chapter.offset: self.truth})
        return self._log.agrees and bool(told_otherwise)


def _view_finding(evidence: Evidence, log: _History, mended: Mapping[int, Fact | None]) -> Finding:
    """The entry is wrong unless it is what the log makes of the key, or what it would if the facts
    that are wrong themselves were as the others tell them."""
    if not evidence.chapters and evidence.entry is None:
        why = "neither the view nor the log knows the key"
        return Finding(Hop.VIEW, None, None, None, why=why)
    if not log.differences(mended):
        return Finding(Hop.VIEW, None, None, agrees=True)
    if log.agrees:  # it carries on what a wrong fact says
        return Finding(Hop.VIEW, None, None, False, log.differences(mended))
    if any(truth is None for truth in mended.values()):
        why = "it cannot be compared: a fact it is made of cannot be read, and nobody else tells it"
        return Finding(Hop.VIEW, None, None, None, why=why)
    if evidence.gaps:  # the log may lack facts that it was made of
        return Finding(Hop.VIEW, None, None, None, log.differences(mended), evidence.gaps[0])
    return Finding(Hop.VIEW, None, None, False, log.differences(mended), at_fault=True)


def _fact(told: Testimony) -> Fact | None:
    return told.fact if isinstance(told, Account) else None


def _in_place(told: Account, chapter: Chapter) -> Fact:
    """What another hop tells, where the fact stands in the log: of a row nobody knows that."""
    stands = _fact(chapter.fact) or told.fact
    envelope = replace(
        stands.envelope, **{name: getattr(told.fact.envelope, name) for name in told.keeps}
    )
    return replace(
        told.fact,
        envelope=envelope,
        position=chapter.position,
        published_at=chapter.published_at,
    )
