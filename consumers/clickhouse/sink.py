"""What a sink into ClickHouse is: declared, no code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backbone.contracts.catalog import Contracts


@dataclass(frozen=True, slots=True)
class ClickHouseSink:
    """Loads every fact of every topic. `name` names its dead letters and its groups."""

    name: str
    description: str

    def topics(self, contracts: Contracts) -> Sequence[str]:
        return sorted(contracts.topics)

    def facts(self, contracts: Contracts) -> Sequence[str]:
        return sorted(contracts)

    def reads(self, contracts: Contracts) -> Mapping[str, Sequence[str]]:
        """The fields it reads of each fact, by their columns: all of them."""
        return {
            name: [field.name for field in contract.shape.fields]
            for name, contract in contracts.items()
        }
