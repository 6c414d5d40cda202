"""Reads of what the kit holds: the settings pages a person may open, the gallery's samples."""

from datetime import datetime
from typing import Any

from watchfloor.ui.contracts import Asking, SettingsPage
from watchfloor.ui.gallery import samples
from watchfloor.ui.services import registered_settings_pages


def settings_pages(*, actor: Asking | None) -> tuple[SettingsPage, ...]:
    """The settings pages this person may open."""
    if actor is None:
        return ()
    return tuple(page for page in registered_settings_pages() if actor.may(page.permission))


def gallery_samples(*, now: datetime) -> dict[str, Any]:
    """Template context of `ui/gallery.html`."""
    return samples(now=now)
