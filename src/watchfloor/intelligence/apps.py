"""Django's name for this slice."""

from django.apps import AppConfig


class IntelligenceConfig(AppConfig):
    name = "watchfloor.intelligence"
    label = "intelligence"
    default_auto_field = "django.db.models.BigAutoField"
