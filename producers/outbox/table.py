"""The outbox table: its DDL and the statement an application inserts with."""

import re

from psycopg import sql

from backbone.errors import Misconfigured

DEFAULT_TABLE = "outbox"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,49}(\.[a-z_][a-z0-9_]{0,49})?")

# `payload` is json, not jsonb: json keeps the text as it was written (spacing, order, repeated
# members, digits of a number), and a row that breaks its contract goes to the dead letters byte for
# byte. `tx_id` is the top-level transaction's even inside a savepoint. The second index finds a
# window's rows, the primary key reads a large backlog in order.
_CREATE = """
SELECT pg_advisory_xact_lock(hashtext({lock}));
CREATE TABLE IF NOT EXISTS {table} (
    position      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            uuid        NOT NULL UNIQUE,
    aggregatetype text        NOT NULL,
    aggregateid   text        NOT NULL,
    type          text        NOT NULL,
    payload       json        NOT NULL,
    headers       jsonb,
    occurred_at   timestamptz NOT NULL DEFAULT now(),
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    bucket        int,
    tx_id         xid8        NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX IF NOT EXISTS {index} ON {table} (tx_id, position);
CREATE OR REPLACE FUNCTION {refuse}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the outbox is append-only: a changed row would not be published again'
        USING HINT = 'insert a new row with a new id';
END $$;
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = {oid}::regclass
                   AND tgname = 'append_only') THEN
        CREATE TRIGGER append_only BEFORE UPDATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION {refuse}();
    END IF;
END $$;
"""

_INSERT = """
INSERT INTO {table} (id, aggregatetype, aggregateid, type, payload, headers, occurred_at)
VALUES (%(id)s, %(aggregatetype)s, %(aggregateid)s, %(type)s, %(payload)s, %(headers)s,
        coalesce(%(occurred_at)s, now()))
"""


def table_name(table: str = DEFAULT_TABLE) -> sql.Identifier:
    """Quote the name of an outbox table, "table" or "schema.table"."""
    if not _NAME.fullmatch(table):
        raise Misconfigured(
            f"{table!r} cannot name an outbox table: use lower-case letters, digits and _, with at "
            "most one schema in front, as in shop.outbox"
        )
    return sql.Identifier(*table.split("."))


def create_table(table: str = DEFAULT_TABLE) -> sql.Composed:
    """Give the DDL of the table, its index and its append-only trigger.

    Idempotent, and safe to run at once from several sessions. Needs the right to create in the
    schema.
    """
    *schema, name = table.split(".")
    return sql.SQL(_CREATE).format(
        table=table_name(table),
        index=sql.Identifier(f"{name}_tx_id"),
        refuse=sql.Identifier(*schema, f"{name}_refuse_update"),
        oid=sql.Literal(table),
        lock=sql.Literal(f"create {table}"),
    )


def insert_row(table: str = DEFAULT_TABLE) -> sql.Composed:
    """Give the statement an application inserts a fact with.

    It comes after the aggregate was locked or changed, in the same transaction.
    Parameters: id, aggregatetype, aggregateid, type, payload (JSON text), headers (JSON text or
    None), occurred_at (aware datetime, or None for now). Never give position or tx_id.
    """
    return sql.SQL(_INSERT).format(table=table_name(table))
