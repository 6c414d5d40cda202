"""Django's name for this slice."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "watchfloor.mail"
    label = "mail"
    default_auto_field = "django.db.models.BigAutoField"
