"""Django's name for this slice."""

from django.apps import AppConfig


class LakeConfig(AppConfig):
    name = "watchfloor.lake"
    label = "lake"
    default_auto_field = "django.db.models.BigAutoField"
