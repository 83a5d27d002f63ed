"""A judgement as rows to show: personal data masked on both sides of every difference."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from backbone.contracts.catalog import Contracts
from backbone.contracts.contract import Contract
from backbone.contracts.masking import MASKED, mask
from backbone.documents import render
from backbone.explain.evidence import Account, Chapter, Difference, Evidence, Testimony
from backbone.explain.judging import Finding, Judgement
from backbone.fact import Fact
from backbone.instants import rfc3339
from backbone.views.store import Answer

Row = dict[str, Any]

_INDEX = re.compile(r"\[\d+\]")
_SHORT: Final = 4  # a value of fewer characters is no secret, and would hide half of a document


@dataclass(frozen=True, slots=True)
class Shown:
    """Makes rows of what was found about one key. `now_ms`: for ages."""

    contracts: Contracts
    topic: str
    evidence: Evidence
    answer: Answer
    now_ms: int

    def rows(self, judgement: Judgement) -> list[Row]:
        """One row per hop, the view entry first, then each fact with its rows, newest first."""
        view, *others = judgement.findings
        return [self._view(view), *(self._told(each) for each in _newest_first(others))]

    def _view(self, finding: Finding) -> Row:
        entry = self.answer.entry
        row = self._row(finding, f"{self.evidence.view} [{self.answer.partition}]")
        row["differences"] = [self._view_difference(each) for each in finding.differences]
        if entry is None:
            return row | {"value": None}
        return row | {
            "value": self._hide(entry.value),
            "order_version": entry.order_version,
            "log_position": f"{self.topic}/{self.answer.partition}/{entry.offset}",
            "source_position": entry.sequence,
            "age_seconds": round((self.now_ms - entry.published_ms) / 1000, 3),
            "event_id": entry.event_id,
        }

    def _told(self, finding: Finding) -> Row:
        told = finding.testimony
        row = self._row(finding, told.where if told else "")
        contract = self._contract(finding)
        row["differences"] = [_difference(each, contract) for each in finding.differences]
        if isinstance(told, Account):
            row |= _fact(told.fact, contract)
        return row

    @staticmethod
    def _row(finding: Finding, where: str) -> Row:
        return {
            "hop": str(finding.hop),
            "where": where,
            "offset": finding.offset,
            "agrees": finding.agrees,
            "at_fault": finding.at_fault,
            "why": finding.why,
        }

    def _contract(self, finding: Finding) -> Contract | None:
        """Of the fact that the hop tells, or should."""
        chapters = [each for each in self.evidence.chapters if each.offset == finding.offset]
        told = [finding.testimony, *chain.from_iterable(map(_testimonies, chapters))]
        types = [each.fact.type for each in told if isinstance(each, Account)]
        return next((self.contracts[name] for name in types if name in self.contracts), None)

    # what a view holds has no contract: hidden is what is called, or reads, as a personal field

    def _view_difference(self, each: Difference) -> Row:
        last = _INDEX.sub("", each.field).rpartition(".")[2]
        here, there = self._hide({last: each.here}), self._hide({last: each.there})
        return {"field": each.field, "here": here[last], "there": there[last]}

    def _hide(self, value: Mapping[str, Any]) -> Any:
        names = {
            path.rpartition(".")[2]
            for contract in self.contracts.of_topic(self.topic)
            for path in contract.pii
        }
        secrets = {each for each in self._secrets() if len(each) >= _SHORT}
        return _hidden(render(value), names, secrets)

    def _secrets(self) -> Iterator[str]:
        """The personal values in what the hops tell."""
        for told in chain.from_iterable(map(_testimonies, self.evidence.chapters)):
            if isinstance(told, Account) and told.fact.type in self.contracts:
                contract = self.contracts[told.fact.type]
                yield from _masked_away(told.fact.data, mask(contract, told.fact.data))


def _testimonies(chapter: Chapter) -> Sequence[Testimony | None]:
    return (chapter.fact, chapter.source, chapter.warehouse)


def _newest_first(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda each: -(each.offset or 0))


def _fact(fact: Fact, contract: Contract | None) -> Row:
    return {
        "type": fact.type,
        "event_id": fact.envelope.id,
        "source_position": fact.envelope.sequence,
        "occurred_at": rfc3339(fact.envelope.time),
        "value": render(mask(contract, fact.data)) if contract else MASKED,
    }


def _difference(each: Difference, contract: Contract | None) -> Row:
    """Shown are the fields that the contract knows and does not tag, and the envelope."""
    if each.field == "type" or each.field.startswith("envelope."):
        return {"field": each.field, "here": _plain(each.here), "there": _plain(each.there)}
    path = _INDEX.sub("", contract.key if contract and each.field == "key" else each.field)
    if contract is None or _is_personal(path, contract):
        return {"field": each.field, "here": _veiled(each.here), "there": _veiled(each.there)}
    return {"field": each.field, "here": _plain(each.here), "there": _plain(each.there)}


def _is_personal(path: str, contract: Contract) -> bool:
    known = {field.name for field in contract.shape.fields}
    parents = [path[: match.start()] for match in re.finditer(r"\.", path)]
    within = any(each.startswith(f"{path}.") for each in contract.pii)
    tagged = any(each in contract.pii for each in (*parents, path))
    return path.partition(".")[0] not in known or tagged or within


def _veiled(value: Any) -> Any:
    return None if value is None else MASKED


def _plain(value: Any) -> Any:
    try:
        return render(value)
    except TypeError:
        return str(value)


def _masked_away(data: Any, shown: Any) -> Iterator[str]:
    """The texts in `data` that are masked in `shown`."""
    if shown == MASKED:
        yield from _texts(data)
    elif isinstance(data, Mapping):
        for name, value in data.items():
            yield from _masked_away(value, shown[name])
    elif isinstance(data, list | tuple):
        for value, other in zip(data, shown, strict=True):
            yield from _masked_away(value, other)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif value is not None:
        yield str(render(value))


def _hidden(value: Any, names: set[str], secrets: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _veiled(each) if name in names else _hidden(each, names, secrets)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_hidden(each, names, secrets) for each in value]
    return MASKED if any(secret in str(value) for secret in secrets) else value


def sentence(judgement: Judgement, rows: Sequence[Row]) -> str:
    """The whole in one sentence."""
    if not judgement.at_fault:
        return _harmless(judgement, rows)
    named = ", ".join(str(hop) for hop in judgement.at_fault)
    fields = [each["field"] for row in rows if row["at_fault"] for each in row["differences"]]
    told = f" ({', '.join(dict.fromkeys(fields))})" if fields else ""
    doubt = "" if judgement.certain else _DOUBT
    return f"disagree; at fault: {named}{told}{doubt}"


_DOUBT = (
    "; the fact and this row are alone with their difference, for nothing else holds it: named is "
    "the one that can be changed"
)


def _harmless(judgement: Judgement, rows: Sequence[Row]) -> str:
    unseen = [f"{row['hop']} ({row['why']})" for row in rows if row["agrees"] is None]
    missing = [*dict.fromkeys(unseen), *judgement.gaps]
    if not missing:
        return "all agree"
    return f"partial: what was seen agrees; not seen: {'; '.join(missing)}"
