"""What every route reads from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backbone.views.store import ViewReader
from gateway.problem import UNKNOWN_VIEW, Problem
from gateway.served_view import ServedView


@dataclass(frozen=True, slots=True)
class ViewAccess:
    """The views served, by name, the store they are read from, and the time (seconds, UTC)."""

    views: Mapping[str, ServedView]
    reader: ViewReader
    clock: Callable[[], float]

    def view(self, name: str) -> ServedView:
        served = self.views.get(name)
        if served is None:
            known = sorted(self.views)
            raise Problem(
                UNKNOWN_VIEW,
                f"There is no such view; there are {', '.join(known) or 'none'}.",
                members={"views": known},
            )
        return served
