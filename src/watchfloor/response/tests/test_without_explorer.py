"""Acting on mail is no way around the right to read about it: subjects and senders stay with people who may use Explorer."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from watchfloor.access.services import add_person, ensure_built_in_roles
from watchfloor.response import services
from watchfloor.response.contracts import Row, Targets
from watchfloor.response.models import Remediation

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"
ANN = f"{PHISH}|ann@corp.example"
SUBJECT, SENDER = "Your password ends today", "it-support@elsewhere.example"
STEPS = ("", "/targets", "/review", "/submit", "/impacted.csv")
PERIOD = {"from": "2026-11-14T00:00:00Z", "to": "2026-11-21T00:00:00Z"}
FILTER = {"f": "Subject~contains any of~password", **PERIOD}
QUERY = {"scope": "query", **FILTER, "action": "soft-delete", "name": "x"}


@pytest.fixture
def as_paul(client, db):
    """Paul has Search and Purge alone: he acts on what others show him."""
    ensure_built_in_roles()
    paul = add_person(
        email="paul@corp.example", name="Paul", password="long enough pass", roles=["Search and Purge"], by=None
    )
    client.force_login(paul, backend="django.contrib.auth.backends.ModelBackend")
    return client


def content(answer) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode("utf-8-sig")


@pytest.mark.parametrize("step", STEPS)
def test_no_step_of_the_wizard_names_a_subject_or_a_sender(as_paul, mails, step):
    sent = {"row": ANN, "action": "soft-delete", "name": "Purge"}
    answer = as_paul.post(f"/actions/new{step}", sent, follow=True)
    assert answer.status_code == 200
    page = content(answer)
    assert SUBJECT not in page
    assert SENDER not in page
    assert "ann@corp.example" in page or step in {"", "/submit", "/review"}


@pytest.mark.parametrize("step", STEPS)
def test_a_query_of_somebody_who_may_not_search_is_refused_with_the_reason(as_paul, mails, step):
    answer = as_paul.post(f"/actions/new{step}", QUERY)
    assert answer.status_code == 403
    assert "Use Explorer" in content(answer)
    carried = {"query": urlencode(FILTER), "action": "soft-delete", "name": "x"}
    assert as_paul.post(f"/actions/new{step}", carried).status_code == 403
    assert not Remediation.objects.exists()


def test_the_same_steps_serve_somebody_who_may_search(as_ada, mails):
    assert as_ada.post("/actions/new/targets", QUERY).status_code == 200
    assert SUBJECT in content(as_ada.post("/actions/new/impacted.csv", QUERY))


def test_the_ledger_and_its_export_leave_out_subjects_and_senders(as_paul, analyst, mails, carry_out, monkeypatch):
    made = services.start(
        by=analyst,
        name="Purge",
        reason="",
        action="soft-delete",
        targets=Targets(rows=(Row(PHISH, "dan@partner.example"),)),
        at=NOW,
    )
    carry_out(made, None)
    for address in (made.href, f"{made.href}/ledger.csv"):
        page = content(as_paul.get(address))
        assert "dan@partner.example" in page
        assert SUBJECT not in page
        assert SENDER not in page


def test_the_ledger_shows_them_to_the_analyst(as_ada, analyst, mails, carry_out):
    rows = (Row(PHISH, "dan@partner.example"),)
    made = services.start(by=analyst, name="Purge", reason="", action="soft-delete", targets=Targets(rows=rows), at=NOW)
    carry_out(made, None)
    for address in (made.href, f"{made.href}/ledger.csv"):
        page = content(as_ada.get(address))
        assert SUBJECT in page
        assert SENDER in page
