"""Django's name for this slice."""

from django.apps import AppConfig


class IdentitiesConfig(AppConfig):
    name = "watchfloor.identities"
    label = "identities"
    default_auto_field = "django.db.models.BigAutoField"
