"""What slices call to show themselves: full page or fragment, and their entry in the settings' navigation."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone

from watchfloor.ui.contracts import GroupKey, SettingsPage
from watchfloor.ui.deciding import seen_at as seen_at
from watchfloor.ui.deciding import stamp as stamp

_settings_pages: dict[str, SettingsPage] = {}


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragment: str = "",
    status: int = 200,
) -> HttpResponse:
    """Answer with the whole page, or with the template `fragment` when htmx asks for a part (not for a boosted link).

    Caches must not mix the two, so the answer varies by HX-Request.
    """
    htmx = getattr(request, "htmx", None)
    part = bool(fragment and htmx and not htmx.boosted)
    response = render(request, fragment if part else template, dict(context or {}), status=status)
    response.headers["Vary"] = "HX-Request"
    return response


def printed(template: str, context: Mapping[str, Any] | None = None, *, by: str, at: datetime) -> str:
    """A self-contained HTML document for `inspection.services.print_pdf`, from a template that extends `ui/print.html`.

    `by` is who asked, `at` (aware) when. The organisation is named by its first own domain, or not at all.
    """
    own = settings.WATCHFLOOR.list_of("own_domains")
    imprint = {"organisation": own[0] if own else "", "printed_for": by, "printed_at": timezone.localtime(at)}
    return render_to_string(template, {**imprint, **(context or {})})


def register_settings_page(
    *, key: str, group: GroupKey, label: str, href: str, permission: str, description: str, icon: str = "settings"
) -> SettingsPage:
    """Add a page to the settings' list and side navigation; call it from your slice's `panels` module.

    `group` is the one of `SETTINGS_GROUPS` it stands in; `permission` is an `access.contracts.Permission`; people without it do not see the line. The same `key` again replaces it.
    A settings page's template then says `{% extends "ui/settings.html" %}` and fills `title`, `actions` and `content`.
    """
    page = SettingsPage(key, group, label, href, permission, description, icon)
    _settings_pages[key] = page
    return page


def registered_settings_pages() -> tuple[SettingsPage, ...]:
    """All registered pages in the order of registration (the order of the slices)."""
    return tuple(_settings_pages.values())
