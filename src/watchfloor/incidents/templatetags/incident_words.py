"""The stored values of this slice as people read them."""

from django.template import Library
from django.utils.safestring import SafeString

from watchfloor.incidents.contracts import WORDS
from watchfloor.ui.templatetags.ui import badge

register = Library()

TONES = {
    "active": "info",
    "new": "info",
    "inProgress": "warning",
    "resolved": "success",
    "malicious": "danger",
    "suspicious": "warning",
    "noThreatsFound": "success",
    "truePositive": "danger",
    "compromised": "danger",
    "multistage": "warning",
}


@register.filter
def word(value: str) -> str:
    """“In progress” for inProgress; what has no word stands as it is."""
    return WORDS.get(value, value)


@register.simple_tag
def state(*, value: str) -> SafeString:
    """A stored value as a badge in its tone."""
    return badge(text=word(value), tone=TONES.get(value, "neutral"))
