from datetime import date
from typing import Any

import pytest

from backbone.contracts.contract import Contract
from backbone.errors import Misconfigured
from backbone.impact.sunset import require_before_sunset, require_in_use
from tests.unit.impact.things import thing

LAST = date(2027, 6, 30)
AFTER = date(2027, 7, 1)


def contract(**attributes: Any) -> Contract:
    made = thing(**attributes)
    known = {name: each for name, each in made.attributes.items() if name != "sunset"}
    return Contract(made.type, 1, made.schema, **known)


def test_a_deprecated_fact_is_used_until_its_sunset_and_no_longer() -> None:
    old = contract(status="deprecated", sunset="2027-06-30")
    require_in_use([old], LAST)
    require_before_sunset([old], LAST)
    for refuse in (require_in_use, require_before_sunset):
        with pytest.raises(Misconfigured, match=r"test\.ThingHappened since 2027-06-30"):
            refuse([old], AFTER)


@pytest.mark.parametrize("status", ["active", "draft"])
def test_a_sunset_of_what_is_not_deprecated_refuses_nothing(status: str) -> None:
    require_in_use([contract(status=status, sunset="2027-06-30")], AFTER)


def test_a_deprecated_fact_without_a_sunset_is_used() -> None:
    require_in_use([contract(status="deprecated")], AFTER)


def test_a_retired_fact_is_not_used_and_may_stand_among_the_contracts() -> None:
    gone = contract(status="retired", sunset="2027-06-30")
    require_before_sunset([gone], AFTER)
    with pytest.raises(Misconfigured, match="is retired and must neither be published nor folded"):
        require_in_use([gone], AFTER)
