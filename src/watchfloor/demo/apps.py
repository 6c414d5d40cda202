"""Django's name for this slice."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "watchfloor.demo"
    label = "demo"
    default_auto_field = "django.db.models.BigAutoField"
