"""What the composition root hands to a source's `build`."""

from collections.abc import Callable
from dataclasses import dataclass

from backbone.contracts.catalog import Contracts
from backbone.settings import Settings
from backbone.source import Source


@dataclass(frozen=True, slots=True)
class SourceContext:
    """Settings and contracts; a source takes from them what it needs, and opens nothing yet."""

    settings: Settings
    contracts: Contracts


Build = Callable[[SourceContext], Source]
