"""The frame around pages: fragments or whole pages, settings navigation, headers."""

import pytest
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from watchfloor.access.contracts import Actor, Permission
from watchfloor.ui import services
from watchfloor.ui.selectors import settings_pages
from watchfloor.ui.services import register_settings_page, render_page


@pytest.fixture
def only_ours(monkeypatch):
    monkeypatch.setattr(services, "_settings_pages", {})


def asked(**headers):
    request = RequestFactory().get("/settings/retention/long", **headers)
    request.htmx = HtmxDetails(request)
    return request


def test_a_person_asking_gets_the_whole_page_and_htmx_gets_the_part():
    whole = render_page(asked(), "ui/gallery/flyout.html", {"number": 1}, fragment="ui/empty.html")
    part = render_page(
        asked(HTTP_HX_REQUEST="true"), "ui/gallery/flyout.html", {"icon": "bell"}, fragment="ui/empty.html"
    )
    boosted = render_page(
        asked(HTTP_HX_REQUEST="true", HTTP_HX_BOOSTED="true"), "ui/gallery/flyout.html", {}, fragment="ui/empty.html"
    )
    assert b"flyout-header" in whole.content
    assert b"flyout-header" not in part.content
    assert b"flyout-header" in boosted.content
    assert part["Vary"] == "HX-Request"


def test_settings_show_only_the_pages_a_person_may_open(only_ours):
    register_settings_page(
        key="people",
        group="people",
        label="People",
        href="/settings/people",
        permission=Permission.PEOPLE_MANAGE,
        description="Who signs in",
    )
    register_settings_page(
        key="retention",
        group="data",
        label="Retention",
        href="/settings/retention",
        permission=Permission.SETTINGS_READ,
        description="How long",
    )
    reader = Actor("person:1", "Ada", frozenset({Permission.SETTINGS_READ}))
    assert [page.key for page in settings_pages(actor=reader)] == ["retention"]
    assert settings_pages(actor=None) == ()


def test_the_same_key_replaces_a_settings_page(only_ours):
    for label in ("Old", "New"):
        register_settings_page(
            key="x",
            group="mail",
            label=label,
            href="/settings/x",
            permission=Permission.SETTINGS_READ,
            description="",
        )
    assert [page.label for page in services.registered_settings_pages()] == ["New"]


def test_the_settings_navigation_marks_the_page_below_which_we_are(only_ours):
    from django.template import engines

    register_settings_page(
        key="r",
        group="data",
        label="Retention",
        href="/settings/retention",
        permission=Permission.SETTINGS_READ,
        description="How long",
    )
    request = asked()
    request.actor = Actor("person:1", "Ada", frozenset({Permission.SETTINGS_READ}))
    page = engines["django"].from_string("{% settings_navigation %}").render({}, request)
    assert 'href="/settings/retention" aria-current="page"' in page
