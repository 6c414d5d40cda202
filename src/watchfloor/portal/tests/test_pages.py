"""Settings and the gallery."""

import re

import pytest

from watchfloor.ui.contracts import SETTINGS_GROUPS
from watchfloor.ui.gallery import HOSTILE
from watchfloor.ui.services import registered_settings_pages

pytestmark = pytest.mark.django_db


def test_settings_list_what_each_slice_registered(as_max):
    page = as_max.get("/settings").content.decode()
    assert registered_settings_pages()
    for one in registered_settings_pages():
        assert one.label in page
        assert one.description.replace("'", "&#x27;") in page


def test_each_settings_page_stands_in_exactly_one_group_and_no_group_is_empty(as_max):
    page = as_max.get("/settings").content.decode()
    shown = re.findall(r'<a class="tile" href="([^"]+)"', page)
    assert sorted(shown) == sorted(one.href for one in registered_settings_pages())
    assert re.findall(r'<h2 id="settings-(\w+)"', page) == [group.key for group in SETTINGS_GROUPS]
    assert {one.group for one in registered_settings_pages()} == {group.key for group in SETTINGS_GROUPS}


def test_the_side_navigation_has_the_groups_and_order_of_the_list(as_max):
    listed = re.findall(r'<a class="tile" href="([^"]+)"', as_max.get("/settings").content.decode())
    beside = (
        as_max.get("/settings/people").content.decode().partition('aria-label="Settings"')[2].partition("</nav>")[0]
    )
    assert re.findall(r'<a href="([^"]+)"', beside) == listed
    assert re.findall(r"<h2>(.*?)</h2>", beside) == [group.label for group in SETTINGS_GROUPS]


def test_settings_are_searched_by_all_words_that_a_page_or_its_group_says(as_max):
    page = as_max.get("/settings", {"q": "quarantine KEPT"}).content.decode()
    assert re.findall(r'<a class="tile" href="([^"]+)"', page) == ["/settings/quarantine"]
    assert 'value="quarantine KEPT"' in page
    nothing = as_max.get("/settings", {"q": "zzz"}).content.decode()
    assert "No settings page says that" in nothing
    assert 'href="/settings"' in nothing


def test_every_registered_settings_page_opens(as_max):
    for one in registered_settings_pages():
        assert as_max.get(one.href).status_code == 200, one.href


def test_eve_may_not_open_settings(as_eve):
    assert as_eve.get("/settings").status_code == 403


def test_the_gallery_shows_everything_and_runs_nothing_hostile(as_ada):
    page = as_ada.get("/gallery").content.decode()
    assert HOSTILE not in page
    assert "<script>alert" not in page
    for component in (
        "badge-danger",
        "severity-warning",
        "notice-info",
        'data-behaviour="grid"',
        'data-kind="graph"',
        "field-wrong",
    ):
        assert component in page


def test_the_gallery_shows_toasts_for_messages(as_ada):
    assert "toast-success" in as_ada.get("/gallery?toast=1").content.decode()


@pytest.mark.parametrize(
    ("number", "shown"),
    [("3", "Invoice 3"), ("x", "Invoice 1"), ("-1", "Invoice 1"), ("9" * 30, "Invoice 1"), ("²", "Invoice 1")],
)
def test_a_sample_fly_out_has_its_neighbours(as_ada, number, shown):
    page = as_ada.get("/gallery/flyout", {"number": number}).content.decode()
    assert shown in page
    assert "data-next" in page
