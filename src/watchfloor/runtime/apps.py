"""Django's name for this slice."""

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "watchfloor.runtime"
    label = "runtime"
    default_auto_field = "django.db.models.BigAutoField"
