"""Words and buttons of the quarantine's pages."""

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

from watchfloor.ui.templatetags.ui import button

register = template.Library()
LOOKS: Mapping[str, tuple[str, str]] = {
    "headers": ("subtle", "list-details"),
    "release": ("primary", "send"),
    "delete": ("danger", "trash"),
    "block": ("subtle", "ban"),
    "allow": ("subtle", "check"),
}


@register.simple_tag
def verb_button(*, verb: str, words: Mapping[str, str]) -> SafeString:
    """The button of something a recipient may do."""
    kind, icon = LOOKS[verb]
    return button(label=words[verb], type="submit", kind=kind, icon=icon)
