"""Django's name for this slice."""

from django.apps import AppConfig


class HuntingConfig(AppConfig):
    name = "watchfloor.hunting"
    label = "hunting"
    default_auto_field = "django.db.models.BigAutoField"
