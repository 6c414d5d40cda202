"""Django's name for this slice."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "watchfloor.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"
