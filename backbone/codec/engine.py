"""The seam between codec and engines: an engine is chosen once per writer's schema."""

from collections.abc import Callable
from typing import Any, Protocol

from backbone.contracts.contract import Contract
from backbone.contracts.shape import Record


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
