"""CONTRIBUTING.md's recipe for a view, performed: one file and one row, and it is served."""

import re
import shutil
from pathlib import Path

import httpx
import pytest

from backbone.settings import REPOSITORY
from tests.e2e.world import World, free_port

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.redis, pytest.mark.postgres]

PACKAGES = (
    *("avro", "backbone", "generated", "producers", "processors", "consumers", "gateway"),
    "cli",
)
PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text()


def _blocks() -> tuple[str, str, str]:
    """File name, module and row, as the page gives them."""
    section = PAGE.split("### A view")[1].split("### A route")[0]
    module, row = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    name = re.match(r"# (\S+)\n", module)
    assert name is not None
    return name.group(1), module.split("\n", 1)[1], row.strip()


def _perform(checkout: Path) -> None:
    for name in PACKAGES:
        shutil.copytree(REPOSITORY / name, checkout / name)
    path, module, row = _blocks()
    (checkout / path).write_text(module)
    catalog = checkout / "processors" / "catalog.py"
    rows = catalog.read_text().replace('    "prices"', f'    {row}\n    "prices"')
    constant = row.split(": ")[1].rstrip(",")
    imported = f"from processors.{Path(path).stem} import {constant}\n"
    catalog.write_text(rows.replace("from processors.orders", f"{imported}from processors.orders"))


def test_a_view_is_one_file_and_one_row_and_the_gateway_serves_it(
    world: World, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    _perform(checkout)
    address = f"127.0.0.1:{free_port()}"
    settings = {"PYTHONPATH": str(checkout), "BACKBONE_GATEWAY_ADDRESS": address}
    assert "currencies" in world.run("list", **settings).stdout
    assert "dlq.currencies" in world.run("topics", "apply", **settings).stdout
    world.append([world.price(1, "85123A", currency="EUR")])
    world.start("run", "view", "currencies", **settings)
    world.start("run", "gateway", **settings)

    def served() -> bool:
        try:
            answer = httpx.get(f"http://{address}/v1/currencies/85123A")
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.json()["data"] == {
            "stock_code": "85123A",
            "currency": "EUR",
        }

    world.wait(served, "the new view is served")
