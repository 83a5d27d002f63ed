"""clickhouse/: the warehouse's tables and views as the sink makes them, and who may read them."""

from collections.abc import Iterable

from backbone.generation.estate import Estate, Files
from backbone.warehouse.access import access
from backbone.warehouse.masked_view import masked_view
from backbone.warehouse.reached_table import CREATE_REACHED, VIEW_REACHED
from backbone.warehouse.table import FactTable

_HEAD = "-- Written by `backbone contracts generate`: do not edit.\n"


def clickhouse(estate: Estate) -> Files:
    tables = [FactTable(each) for each in estate.facts]
    return {
        **{f"clickhouse/{each.name}.sql": _script(_definition(each)) for each in tables},
        "clickhouse/complete_up_to.sql": _script([CREATE_REACHED, VIEW_REACHED]),
        "clickhouse/access.sql": _script(access(tables)),
    }


def _definition(table: FactTable) -> list[str]:
    masked = masked_view(table)
    return [table.create(), table.view(), *([masked] if masked else [])]


def _script(statements: Iterable[str]) -> str:
    return _HEAD + "".join(f"\n{each};\n" for each in statements)
