"""The database's own refusal to change the audit log, for SQLite and PostgreSQL; the migration puts it in.

SQLite drops triggers when a migration remakes the table, so a migration that alters AuditEntry installs them again.
"""

from typing import Any

MESSAGE = "the audit log is append-only"
TABLE = "access_auditentry"

INSTALL = {
    "sqlite": tuple(
        f"CREATE TRIGGER {TABLE}_no_{event.lower()} BEFORE {event} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        for event in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        f"CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    ),
}
REMOVE = {
    "sqlite": tuple(f"DROP TRIGGER IF EXISTS {TABLE}_no_{event}" for event in ("update", "delete")),
    "postgresql": (f"DROP TRIGGER IF EXISTS {TABLE}_no_change ON {TABLE}",),
}
PRESENT = {
    "sqlite": f"SELECT COUNT(*) = 2 FROM sqlite_master WHERE type = 'trigger' AND name LIKE '{TABLE}_no_%'",  # noqa: S608 - our own constant
    "postgresql": f"SELECT COUNT(*) = 1 FROM pg_trigger WHERE tgname = '{TABLE}_no_change' AND tgenabled <> 'D'",  # noqa: S608
}


def install(connection: Any) -> None:
    """Put the triggers in, or in again."""
    remove(connection)
    _execute(connection, INSTALL)


def remove(connection: Any) -> None:
    """Take the triggers out: for a migration that must change old entries, and for tests that empty tables."""
    _execute(connection, REMOVE)


def present(connection: Any) -> bool:
    """Whether the database guards the log."""
    with connection.cursor() as cursor:
        cursor.execute(PRESENT[connection.vendor])
        return bool(cursor.fetchone()[0])


def _execute(connection: Any, statements: dict[str, tuple[str, ...]]) -> None:
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
