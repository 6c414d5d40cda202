"""Django's name for this slice."""

import logging

from django.apps import AppConfig


class LakeConfig(AppConfig):
    name = "watchfloor.lake"
    label = "lake"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """sqlglot tells of every array index it shifts; nobody needs to read that."""
        logging.getLogger("sqlglot").setLevel(logging.ERROR)
        self._tell_tables()

    def _tell_tables(self) -> None:
        """Connections check the mappings that people write for them against the tables there are."""
        from watchfloor.connectors.services import take_rows_for
        from watchfloor.lake.catalogue import tables

        take_rows_for(
            lambda: {
                table.name: frozenset(column.name for column in table.columns) for table in tables() if not table.closed
            }
        )
