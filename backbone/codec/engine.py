"""The seam between codec and engines: an engine is chosen once per writer's schema."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from backbone.contracts.contract import Contract
from backbone.contracts.shape import Record
from backbone.errors import Poison

if TYPE_CHECKING:  # the engine behind it takes 40 MB, and sources need none of it
    from backbone.codec.columns import Columns


class Decoder(Protocol):
    """Decodes the payloads of one writer's schema, frame stripped."""

    def decode(self, payload: bytes) -> dict[str, Any]:
        """Give a fact's data: every byte consumed, every value in the accepted domain.

        Raises Poison and nothing else, whatever the bytes: TOO_LARGE, UNDECODABLE, TRAILING_BYTES,
        OUT_OF_DOMAIN, or SCHEMA_REFUSED where the writer's schema does not resolve to ours.
        """


Engine = Callable[[Any, Record, Contract], Decoder]
"""Makes a decoder from the writer's schema (safe, as JSON values), its shape, and the contract
whose fields the data shall have."""


class ColumnDecoder(Protocol):
    """Decodes many payloads of one writer's schema at once; accepts what a `Decoder` accepts."""

    def decode(self, payloads: Sequence[bytes], indexes: Sequence[int] | None = None) -> "Columns":
        """See `backbone.codec.columnar_engine.ColumnarDecoder.decode`."""


BatchEngine = Callable[[Any, Record, Contract], ColumnDecoder | None]
"""Makes a decoder as an Engine does; None for a schema that is read fact by fact."""


@dataclass(frozen=True, slots=True)
class ColumnBatch:
    """A batch of records decoded at once: the facts by type, and the records that are none."""

    facts: Mapping[str, "Columns"]
    poisons: Mapping[int, Poison]
