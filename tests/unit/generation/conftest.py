from pathlib import Path

import pytest

from backbone.generation.estate import Estate
from tests.unit.generation import estates


@pytest.fixture
def wide(tmp_path: Path) -> Estate:
    (tmp_path / "contracts").mkdir()
    return estates.wide(tmp_path / "contracts")
