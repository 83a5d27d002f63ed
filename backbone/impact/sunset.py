"""Sunsets enforced: a deprecated fact is used until its sunset and not a day longer."""

from collections.abc import Iterable
from datetime import date

from backbone.contracts.contract import Contract
from backbone.errors import Misconfigured

DEPRECATED, RETIRED = "deprecated", "retired"


def require_before_sunset(contracts: Iterable[Contract], today: date) -> None:
    """Raises Misconfigured that names every deprecated contract whose sunset is over."""
    over = [each for each in contracts if is_over(each, today)]
    if over:
        named = "; ".join(f"{each.type} since {_sunset(each)}" for each in over)
        raise Misconfigured(
            f"the sunset is over of {named}: let its readers move to the fact that follows it and "
            f'set its status to "{RETIRED}", or agree with its owner on a later sunset'
        )


def require_in_use(contracts: Iterable[Contract], today: date) -> None:
    """For whoever publishes or folds facts: as `require_before_sunset`, and none is retired."""
    used = list(contracts)
    retired = ", ".join(each.type for each in used if each.status == RETIRED)
    if retired:
        raise Misconfigured(
            f"{retired} is retired and must neither be published nor folded any more: "
            "take what does from its catalog"
        )
    require_before_sunset(used, today)


def is_over(contract: Contract, today: date) -> bool:
    sunset = _sunset(contract)
    return contract.status == DEPRECATED and sunset is not None and sunset < today


def _sunset(contract: Contract) -> date | None:
    told = contract.schema["contract"].get("sunset")
    return date.fromisoformat(told) if told else None
