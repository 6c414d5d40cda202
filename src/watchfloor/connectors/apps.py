"""Django's name for this slice."""

from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "watchfloor.connectors"
    label = "connectors"
    default_auto_field = "django.db.models.BigAutoField"
