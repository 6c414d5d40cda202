"""The index of three-character pieces, per database: FTS5 with triggers on SQLite, pg_trgm on PostgreSQL.

Triggers and indexes follow the table in the same transaction, whoever writes it. Without pg_trgm (the server lacks its contrib
package, or the role may not create extensions) search works by scanning, slower.
"""

from typing import Any

from django.db import Error, transaction

SQLITE = (
    "CREATE VIRTUAL TABLE response_quarantinetext_pieces USING fts5(text, content='response_quarantinetext', "
    "content_rowid='mail_id', tokenize='trigram', detail='none')",
    "CREATE TRIGGER response_quarantinetext_new AFTER INSERT ON response_quarantinetext BEGIN "
    "INSERT INTO response_quarantinetext_pieces(rowid, text) VALUES (new.mail_id, new.text); END",
    "CREATE TRIGGER response_quarantinetext_gone AFTER DELETE ON response_quarantinetext BEGIN "
    "INSERT INTO response_quarantinetext_pieces(response_quarantinetext_pieces, rowid, text) "
    "VALUES ('delete', old.mail_id, old.text); END",
    "CREATE TRIGGER response_quarantinetext_other AFTER UPDATE ON response_quarantinetext BEGIN "
    "INSERT INTO response_quarantinetext_pieces(response_quarantinetext_pieces, rowid, text) "
    "VALUES ('delete', old.mail_id, old.text); "
    "INSERT INTO response_quarantinetext_pieces(rowid, text) VALUES (new.mail_id, new.text); END",
)
SQLITE_GONE = (
    "DROP TRIGGER IF EXISTS response_quarantinetext_new",
    "DROP TRIGGER IF EXISTS response_quarantinetext_gone",
    "DROP TRIGGER IF EXISTS response_quarantinetext_other",
    "DROP TABLE IF EXISTS response_quarantinetext_pieces",
)
POSTGRESQL = (
    "CREATE INDEX response_quarantinetext_pieces ON response_quarantinetext USING gin (text gin_trgm_ops) "
    "WITH (fastupdate = off)"
)


def install(connection: Any) -> bool:
    """Make the index; returns whether there is one now."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for statement in SQLITE:
                cursor.execute(statement)
            return True
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except Error:
            return False
        cursor.execute(POSTGRESQL)
        return True


def remove(connection: Any) -> None:
    """Take it away again."""
    with connection.cursor() as cursor:
        for statement in (
            SQLITE_GONE if connection.vendor == "sqlite" else ("DROP INDEX IF EXISTS response_quarantinetext_pieces",)
        ):
            cursor.execute(statement)
