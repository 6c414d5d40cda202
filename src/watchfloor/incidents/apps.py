"""Django's name for this slice."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "watchfloor.incidents"
    label = "incidents"
    default_auto_field = "django.db.models.BigAutoField"
