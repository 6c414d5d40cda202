"""Django's name for this slice."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "watchfloor.ui"
    label = "ui"
    default_auto_field = "django.db.models.BigAutoField"
