"""Settings and the gallery."""

import pytest

from watchfloor.ui.gallery import HOSTILE
from watchfloor.ui.services import registered_settings_pages

pytestmark = pytest.mark.django_db


def test_settings_list_what_each_slice_registered(as_max):
    page = as_max.get("/settings").content.decode()
    assert registered_settings_pages()
    for one in registered_settings_pages():
        assert one.label in page
        assert one.description.replace("'", "&#x27;") in page


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
