"""Reads of what the kit holds: icons, settings pages a person may open."""

import re
from functools import cache
from pathlib import Path

from watchfloor.ui.contracts import Asking, SettingsPage
from watchfloor.ui.services import registered_settings_pages

SPRITE = Path(__file__).parent / "static" / "ui" / "icons.svg"


@cache
def icon_names() -> frozenset[str]:
    """The icons of the sprite."""
    return frozenset(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text()))


def settings_pages(*, actor: Asking | None) -> tuple[SettingsPage, ...]:
    """The settings pages this person may open."""
    if actor is None:
        return ()
    return tuple(page for page in registered_settings_pages() if actor.may(page.permission))
