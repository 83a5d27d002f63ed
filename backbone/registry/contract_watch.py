"""Whether the registry still has what a running process was checked against at its start.

Codec.check looks once. A subject that is deleted, registered again otherwise or laid open by hand
afterwards is found here: by comparing it, again and again, with what it was at the first look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backbone.contracts.contract import Contract
from backbone.registry.agreement import Agreement, Drift
from backbone.registry.compatibility import full_transitive
from backbone.registry.port import FULL_TRANSITIVE, Registry


class Subject(NamedTuple):
    """What the registry says of a contract's subject. `id` is that of our own schema."""

    id: int | None
    versions: Sequence[str]
    compatibility: str | None


@dataclass
class ContractWatch:
    """Looks on behalf of one process; `agreement` is told what was found."""

    contracts: Sequence[Contract]
    registry: Registry
    agreement: Agreement

    def __post_init__(self) -> None:
        self._first: dict[str, Subject] = {}

    def look(self) -> None:
        """Compare every contract. Raises Transient where the registry does not answer: then
        nothing changes, for a registry that is away is no reason to stop."""
        self.registry.forget()
        found: dict[str, Drift] = {}
        for contract in self.contracts:
            now = self._ask(contract)
            before = self._first.setdefault(contract.type, now)
            drift = drift_of(contract, before, now)
            if drift is not None:
                found[contract.type] = drift
        self.agreement.tell([each.type for each in self.contracts], found)

    def _ask(self, contract: Contract) -> Subject:
        return Subject(
            self.registry.lookup(contract.subject, contract.registered),
            self.registry.versions(contract.subject),
            self.registry.compatibility(contract.subject),
        )


def drift_of(contract: Contract, before: Subject, now: Subject) -> Drift | None:
    """What changed that no process may work on under; None where that is nothing. Versions that are
    new and live with ours, and a subject that is guarded better than before, are in order."""
    subject = contract.subject
    if now.id is None:
        return Drift(
            "unregistered",
            f"the registry does not have our schema under {subject} any more: "
            "run `backbone contracts register`",
        )
    if before.id not in (None, now.id):
        return Drift(
            "other_id",
            f"our schema under {subject} has the id {now.id} and had {before.id}: find out who "
            "registered it again, and restart",
        )
    lost = [text for text in before.versions if text not in now.versions]
    if lost:
        return Drift(
            "version_lost",
            f"{subject} has lost {len(lost)} of {len(before.versions)} versions, whose facts "
            "nobody can read: restore the registry",
        )
    return _weakened(subject, before, now) or _incompatible(contract, before, now)


def _weakened(subject: str, before: Subject, now: Subject) -> Drift | None:
    if now.compatibility in (before.compatibility, FULL_TRANSITIVE):
        return None
    return Drift(
        "unguarded",
        f"the compatibility of {subject} is {now.compatibility or 'not set'} and was "
        f"{before.compatibility or 'not set'}: run `backbone contracts register`",
    )


def _incompatible(contract: Contract, before: Subject, now: Subject) -> Drift | None:
    added = [text for text in now.versions if text not in before.versions]
    why = full_transitive(added, contract.registered) if added else []
    if not why:
        return None
    return Drift(
        "incompatible",
        f"{contract.subject} has got a version that does not live with ours ({why[0]}): delete "
        "it, and find out who registered it",
    )
