"""Who may read what of the warehouse: roles and their grants, for a server that has users.

| role | reads |
|---|---|
| backbone_loader | and writes everything: the sink |
| backbone_analyst | every fact but the restricted ones, personal data masked |
| backbone_personal | every fact but the restricted ones, personal data too |
| backbone_restricted | the restricted facts, personal data too |

Nobody is given a role here: users are the site's.
"""

from collections.abc import Iterator, Sequence

from backbone.warehouse.masked_view import masked_name
from backbone.warehouse.reached_table import REACHED, REACHED_ROWS
from backbone.warehouse.table import FactTable, quoted

LOADER = "backbone_loader"
ANALYST = "backbone_analyst"
PERSONAL = "backbone_personal"
RESTRICTED = "backbone_restricted"
_READERS = (ANALYST, PERSONAL, RESTRICTED)
# As docs/warehouse.md says what the sink does.
_LOADS = (
    *("SELECT", "INSERT", "CREATE TABLE", "CREATE VIEW", "DROP VIEW"),
    *("ALTER ADD COLUMN", "ALTER MODIFY COLUMN"),
)


def access(tables: Sequence[FactTable]) -> Iterator[str]:
    """Statements for the current database. What a role was granted before is taken back first: a
    field that is personal from today on must not stay readable."""
    for role in (LOADER, *_READERS):
        yield f"CREATE ROLE IF NOT EXISTS {role}"
        yield f"REVOKE ALL ON * FROM {role}"
    yield from _profiles()
    yield f"GRANT {', '.join(_LOADS)} ON * TO {LOADER}"
    for table in tables:
        yield from _of_fact(table)
    yield f"GRANT SELECT ON {REACHED} TO {', '.join(_READERS)}"
    yield f"GRANT SELECT ON {REACHED_ROWS} TO {', '.join(_READERS)}"


def _profiles() -> Iterator[str]:
    # it forms its batches itself, and repeats them with tokens
    yield (
        "CREATE SETTINGS PROFILE IF NOT EXISTS backbone_loads "
        f"SETTINGS async_insert = 0 TO {LOADER}"
    )
    yield (
        "CREATE SETTINGS PROFILE IF NOT EXISTS backbone_reads SETTINGS readonly = 2, "
        f"max_execution_time = 60, max_memory_usage = 4000000000 TO {', '.join(_READERS)}"
    )


def _of_fact(table: FactTable) -> Iterator[str]:
    """The plain view reads with its reader's rights, so they need the rows as well."""
    if table.contract.classification == "restricted":
        whole = [RESTRICTED]
    elif table.contract.pii:
        whole = [PERSONAL]
        yield f"GRANT SELECT ON {quoted(masked_name(table))} TO {ANALYST}, {PERSONAL}"
    else:
        whole = [ANALYST, PERSONAL]
    for name in (table.name, table.rows):
        yield f"GRANT SELECT ON {quoted(name)} TO {', '.join(whole)}"
