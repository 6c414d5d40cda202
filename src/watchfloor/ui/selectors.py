"""Reads of what the kit holds: the settings pages a person may open, the gallery's samples."""

from datetime import datetime
from typing import Any

from watchfloor.ui.contracts import SETTINGS_GROUPS, Asking, SettingsGroup, SettingsPage
from watchfloor.ui.gallery import samples
from watchfloor.ui.services import registered_settings_pages


def settings_groups(
    *, actor: Asking | None, search: str = ""
) -> tuple[tuple[SettingsGroup, tuple[SettingsPage, ...]], ...]:
    """The settings pages this person may open, in their groups; with `search` those that say all its words. Never an empty group."""
    if actor is None:
        return ()
    words = search.casefold().split()
    pages = [page for page in registered_settings_pages() if actor.may(page.permission)]
    grouped = (
        (group, tuple(page for page in pages if page.group == group.key and _says(page, group, words)))
        for group in SETTINGS_GROUPS
    )
    return tuple((group, found) for group, found in grouped if found)


def settings_pages(*, actor: Asking | None) -> tuple[SettingsPage, ...]:
    """The settings pages this person may open, in the order of the list."""
    return tuple(page for _, pages in settings_groups(actor=actor) for page in pages)


def _says(page: SettingsPage, group: SettingsGroup, words: list[str]) -> bool:
    text = f"{page.label} {page.description} {group.label}".casefold()
    return all(word in text for word in words)


def gallery_samples(*, now: datetime) -> dict[str, Any]:
    """Template context of `ui/gallery.html`."""
    return samples(now=now)
