"""Addresses that no view answers: people who are signed in keep the navigation, strangers see none of it."""

import pytest
from django.test import Client

from watchfloor.config import urls

pytestmark = pytest.mark.django_db


def test_a_signed_in_person_keeps_the_navigation_at_an_unknown_address(as_ada):
    answer = as_ada.get("/no/such/page")
    assert answer.status_code == 404
    page = answer.content.decode()
    assert "There is nothing here" in page
    assert 'aria-label="Main"' in page


def test_a_stranger_sees_no_navigation_there():
    answer = Client().get("/no/such/page")
    assert answer.status_code == 404
    assert 'aria-label="Main"' not in answer.content.decode()


def test_a_person_who_must_choose_a_password_first_stays_outside(as_ada, ada):
    ada.must_change_password = True
    ada.save()
    assert 'aria-label="Main"' not in as_ada.get("/no/such/page").content.decode()


def test_the_product_answers_with_the_pages_of_the_kit():
    assert urls.handler500 == "watchfloor.ui.errors.server_error"
    for number, page in ((400, "bad_request"), (403, "permission_denied"), (404, "page_not_found")):
        assert getattr(urls, f"handler{number}") == f"watchfloor.config.errors.{page}"
