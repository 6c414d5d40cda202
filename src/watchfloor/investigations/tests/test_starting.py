"""Analysts start investigations from rows of a grid, a sender, a person; nobody without the right does."""

import pytest

from watchfloor.investigations.models import Investigation
from watchfloor.investigations.tests.conftest import PHISH, email_row
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import services as lake

pytestmark = pytest.mark.django_db
ROWS = [f"{PHISH}|ann@corp.example", f"{PHISH}|bob@corp.example"]
SENDER = "it-support@elsewhere.example"


def test_rows_of_the_grid_are_looked_into_as_mails_recipients_or_senders(phish, as_ada):
    words = as_ada.post("/investigations/new", {"row": ROWS}).content.decode()
    assert "The mails: 1" in words
    assert "Their recipients: 2" in words
    assert f"Their senders: {SENDER}" in words


def test_the_recipients_of_rows_become_people_who_are_looked_into(phish, as_ada, queued):
    answer = as_ada.post("/investigations/start", {"row": ROWS, "about": "recipients", "reason": "They clicked"})
    found = Investigation.objects.get()
    assert answer.url == found.href
    assert (found.playbook, found.seeded.people) == ("user-compromise", ("ann@corp.example", "bob@corp.example"))


def test_a_sender_from_outside_is_looked_into_by_the_mails_they_sent(as_ada, queued):
    lake.append("EmailEvents", [email_row(PHISH, "ann@corp.example", Timestamp=utc_now())])
    as_ada.post("/investigations/start", {"sender": SENDER})
    found = Investigation.objects.get()
    assert (found.playbook, found.name) == ("manual-sender", f"By hand: {SENDER}")
    assert (found.seeded.messages, found.seeded.senders) == ((PHISH,), (SENDER,))


def test_an_address_that_sent_nothing_lately_is_said_so_and_may_be_looked_into(as_ada, queued):
    address = "nobody@elsewhere.example"
    words = as_ada.get(f"/investigations/new?sender={address}").content.decode()
    assert "sent no mail within 30 days" in words
    as_ada.post("/investigations/start", {"sender": address})
    assert Investigation.objects.get().seeded.senders == (address,)


def test_the_page_asks_for_an_address_where_none_is_given(as_ada):
    words = as_ada.get("/investigations/new").content.decode()
    assert 'name="sender"' in words
    assert "cannot be investigated" not in words
    wrong = as_ada.get("/investigations/new?sender=nonsense").content.decode()
    assert "cannot be investigated" in wrong
    assert 'name="sender"' in wrong
    assert 'href="/investigations/new"' in as_ada.get("/investigations").content.decode()


def test_the_grid_offers_it_to_those_who_may(as_ada):
    lake.append("EmailEvents", [email_row(PHISH, "ann@corp.example", Timestamp=utc_now())])
    assert 'hx-post="/investigations/new"' in as_ada.get("/explorer/results?range=24h").content.decode()


def test_nobody_else_starts_any(as_eve):
    assert as_eve.post("/investigations/new", {"row": ROWS}).status_code == 403
