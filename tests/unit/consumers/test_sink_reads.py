"""What a sink says it reads is what its tables have columns for."""

import pytest

from backbone.contracts.catalog import Contracts
from backbone.settings import REPOSITORY
from backbone.warehouse.table import LINEAGE, FactTable
from consumers.catalog import SINKS


@pytest.mark.parametrize("name", SINKS)
def test_a_sink_declares_every_column_it_loads(name: str) -> None:
    contracts = Contracts.load(REPOSITORY / "avro")
    reads = SINKS[name].reads(contracts)
    columns = {
        fact: [each.name for each in FactTable(contract).columns[len(LINEAGE) :]]
        for fact, contract in contracts.items()
    }
    assert reads == columns
