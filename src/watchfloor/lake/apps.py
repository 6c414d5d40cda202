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
