"""A migration is noted in its own transaction: killed at any moment, the next start goes on."""

from django.db import connection, models
from django.db.migrations import CreateModel, Migration
from django.db.migrations.state import ProjectState

from watchfloor.config.migrating import NotedWithin


def test_what_a_migration_puts_off_is_done_before_it_is_noted(transactional_db, monkeypatch):
    migration = Migration("0001_initial", "noted")
    migration.operations = [
        CreateModel(
            "Noted",
            [("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=9, db_index=True))],
        )
    ]
    inside = []
    executor = NotedWithin(connection)
    monkeypatch.setattr(executor, "record_migration", lambda one: inside.append((one.name, connection.in_atomic_block)))
    after = executor.apply_migration(ProjectState(), migration)
    assert inside == [("0001_initial", True)]
    with connection.schema_editor() as editor:
        editor.delete_model(after.apps.get_model("noted", "Noted"))
