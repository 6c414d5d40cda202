"""Django's name for this slice."""

from django.apps import AppConfig


class ResponseConfig(AppConfig):
    name = "watchfloor.response"
    label = "response"
    default_auto_field = "django.db.models.BigAutoField"
