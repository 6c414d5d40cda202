"""Migrations that a kill -9 cannot leave half noted.

Django writes “applied” after the transaction of a migration when indexes were put off to its end; killed in between, the next
start makes the same tables again and fails. Here what was put off is done inside, so that Django notes it there too.
"""

from typing import Any

from django.core.management import call_command
from django.core.management.commands import migrate as command
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor


class NotedWithin(MigrationExecutor):
    """Django's executor, each migration and its note in one transaction."""

    def apply_migration(self, state: Any, migration: Migration, *args: Any, **options: Any) -> Any:
        apply = migration.apply

        def whole(state: Any, schema_editor: Any, **more: Any) -> Any:
            after = apply(state, schema_editor, **more)
            while schema_editor.deferred_sql:
                schema_editor.execute(schema_editor.deferred_sql.pop(0), None)
            return after

        migration.apply = whole  # type: ignore[assignment,method-assign]
        return super().apply_migration(state, migration, *args, **options)


def migrate() -> None:
    """Bring the database to the newest migration."""
    command.MigrationExecutor = NotedWithin  # type: ignore[attr-defined]
    call_command("migrate", verbosity=0)
