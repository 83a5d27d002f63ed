"""What the composition root hands to a source's `build`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from backbone.contracts.catalog import Contracts
from backbone.errors import Misconfigured
from backbone.log import Reader
from backbone.recorded_fact import Decoder
from backbone.settings import Settings
from backbone.source import Source


def _nobody() -> NoReturn:
    raise Misconfigured("facts cannot be read here: the composition root has to say how")


@dataclass(frozen=True, slots=True)
class SourceContext:
    """Settings and contracts; a source takes from them what it needs, and opens nothing yet.
    `reader` and `decoder` make what a bridge reads facts with."""

    settings: Settings
    contracts: Contracts
    reader: Callable[[], Reader] = field(default=_nobody)
    decoder: Callable[[], Decoder] = field(default=_nobody)


Build = Callable[[SourceContext], Source]
