"""Error pages: each of our errors becomes its page, in words, without leaking or running anything."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from watchfloor.access.contracts import Actor, Permission
from watchfloor.kernel.errors import (
    BadInput,
    Conflict,
    Forbidden,
    NotConfigured,
    NotFound,
    Unreachable,
    WatchfloorError,
)
from watchfloor.ui.errors import status_of

KINDS = {
    "bad": (BadInput("no such column <b>", place="f"), 400),
    "forbidden": (Forbidden("Eve lacks the right", permission="home.read"), 403),
    "missing": (NotFound("there is no email 7"), 404),
    "conflict": (Conflict("somebody else was faster"), 409),
    "unconfigured": (NotConfigured("connect a mailbox first"), 503),
    "unreachable": (Unreachable("mail.corp.example does not answer"), 503),
}


def failing(request, kind):
    if "actor" in request.GET:
        request.actor = Actor("person:1", "Ada", frozenset({Permission.HOME_READ}))
    if kind == "bug":
        raise RuntimeError("secret detail")
    raise KINDS[kind][0]


def fine(request):
    return HttpResponse("fine")


urlpatterns = [path("fails/<str:kind>", failing), path("posts", fine)]
handler400 = "watchfloor.ui.errors.bad_request"
handler403 = "watchfloor.ui.errors.permission_denied"
handler404 = "watchfloor.ui.errors.page_not_found"
handler500 = "watchfloor.ui.errors.server_error"


@pytest.fixture
def client(settings):
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_ours_becomes_its_page_with_its_own_words(client, kind):
    error, status = KINDS[kind]
    answer = client.get(f"/fails/{kind}")
    assert answer.status_code == status
    page = answer.content.decode()
    assert error.message.split(" <")[0] in page
    assert "<b>" not in page
    assert "Back to the home page" in page


def test_somebody_signed_in_keeps_the_navigation_on_an_error_page(client):
    page = client.get("/fails/missing?actor=1").content.decode()
    assert 'aria-label="Main"' in page
    assert "Signed in as" in page
    assert 'aria-label="Main"' not in client.get("/fails/missing").content.decode()


def test_a_bug_shows_no_detail(client):
    answer = client.get("/fails/bug")
    assert answer.status_code == 500
    assert b"secret detail" not in answer.content
    assert b"X-Request-Id" in answer.content
    assert answer["X-Request-Id"]


def test_an_unknown_address_has_the_house_look(client, db):
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert b"There is nothing here" in answer.content
    assert b"/static/ui/css/watchfloor.css" in answer.content


def test_a_form_without_its_token_is_refused_in_the_house_look(settings):
    settings.ROOT_URLCONF = __name__
    answer = Client(enforce_csrf_checks=True).post("/posts")
    assert answer.status_code == 403
    assert b"token is missing or too old" in answer.content


def test_an_error_of_a_new_kind_is_our_fault():
    assert status_of(WatchfloorError("something new")) == 500
