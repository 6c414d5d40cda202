"""Django's name for this slice."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "watchfloor.portal"
    label = "portal"
    default_auto_field = "django.db.models.BigAutoField"
