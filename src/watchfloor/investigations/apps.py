"""Django's name for this slice."""

from django.apps import AppConfig


class InvestigationsConfig(AppConfig):
    name = "watchfloor.investigations"
    label = "investigations"
    default_auto_field = "django.db.models.BigAutoField"
