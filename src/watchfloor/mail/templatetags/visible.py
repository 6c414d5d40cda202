"""The filter that shows invisible and direction-changing characters as words; `{% load visible %}`."""

from django.template import Library

from watchfloor.mail.hostile import visible

register = Library()
register.filter("visible", visible)
