from pathlib import Path

import pytest

from backbone.generation.catalog import ARTEFACTS
from backbone.generation.estate import Estate
from backbone.generation.writing import put
from tests.unit.generation import estates


@pytest.fixture(params=["own", "wide"])
def estate(request: pytest.FixtureRequest, tmp_path: Path) -> Estate:
    """The project's own contracts, and those of every shape."""
    if request.param == "own":
        return estates.own()
    folder = tmp_path / "contracts"
    folder.mkdir()
    return estates.wide(folder)


@pytest.fixture
def written(estate: Estate, tmp_path: Path) -> Path:
    """A folder with every artefact of the estate, each below its own name."""
    for name, artefact in ARTEFACTS.items():
        for path, text in artefact.make(estate).items():
            put(text, tmp_path / "written" / name / path)
    return tmp_path / "written"
