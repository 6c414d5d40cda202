"""The stored values of this slice as people read them."""

import json
from typing import Any

from django.template import Library
from django.utils.safestring import SafeString, mark_safe

from watchfloor.incidents.contracts import WORDS
from watchfloor.incidents.formatting import formatted
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


@register.filter
def comment(text: str) -> SafeString:
    """A comment with its Markdown, made safe."""
    return formatted(text)


@register.simple_tag
def state(*, value: str) -> SafeString:
    """A stored value as a badge in its tone."""
    return badge(text=word(value), tone=TONES.get(value, "neutral"))


@register.filter
def steps_script(story: dict[str, Any]) -> SafeString:
    """What the play-back reads, as JSON that no HTML parser ends early."""
    text = json.dumps(story).translate({ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"})
    return mark_safe(f'<script type="application/json" data-steps>{text}</script>')  # noqa: S308 - escaped just above
