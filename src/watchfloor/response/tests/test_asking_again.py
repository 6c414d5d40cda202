"""Proposals nobody decides: brought to mind again, re-dated, told; never dropped. And the page where that is set."""

from datetime import timedelta

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.detection.selectors import findings_after
from watchfloor.response import asking_again, selectors, services
from watchfloor.response.contracts import RemediationStatus, Row, Targets
from watchfloor.response.tests.conftest import NOW, PHISH

WEEK = timedelta(days=7)


@pytest.fixture
def waiting(mails, proposer):
    return services.propose(
        by=proposer, name="Purge", reason="phish", action="soft-delete",
        targets=Targets(rows=(Row(PHISH, "ann@corp.example"),)), at=NOW,
    )  # fmt: skip


def test_after_its_days_a_proposal_is_asked_again_and_still_waits(waiting, ada):
    assert asking_again.ask_again(now=NOW + WEEK - timedelta(minutes=1)) == 0
    assert asking_again.ask_again(now=NOW + WEEK) == 1
    waiting.refresh_from_db()
    assert (waiting.status, waiting.asks, waiting.asked_at) == (RemediationStatus.PENDING, 1, NOW + WEEK)
    (found,) = findings_after(0, limit=10)
    assert (found.title, found.severity) == ("A proposed action waits for a decision", "informational")
    assert "has waited 7 days" in found.description
    assert AuditEntry.objects.get(verb="remediation.remind").target == "Purge"
    assert asking_again.ask_again(now=NOW + WEEK + timedelta(days=6)) == 0
    assert asking_again.ask_again(now=NOW + 2 * WEEK) == 1
    assert len(findings_after(0, limit=10)) == 2


def test_a_decided_one_is_left_in_peace(waiting, analyst):
    services.reject(by=analyst, remediation_id=waiting.pk, at=NOW)
    assert asking_again.ask_again(now=NOW + WEEK) == 0


def test_nothing_is_asked_where_the_policy_says_never(waiting, max):
    services.change_policy(by=actor_of(max), asks_again_days=0)
    assert asking_again.ask_again(now=NOW + 10 * WEEK) == 0


def test_two_workers_at_once_ask_once(waiting):
    stale = type(waiting).objects.get(pk=waiting.pk)
    assert asking_again.ask_again(now=NOW + WEEK) == 1
    assert asking_again._ask(stale, now=NOW + WEEK) is False


def test_those_who_may_decide_get_a_mail_once(waiting, ada, eve, monkeypatch):
    sent = []
    monkeypatch.setattr(asking_again, "can_send", lambda: True)
    monkeypatch.setattr(asking_again, "send_mail", lambda **mail: sent.append(mail))
    asking_again.ask_again(now=NOW + WEEK)
    (mail,) = sent
    assert ada.email in mail["to"]
    assert eve.email not in mail["to"]
    assert mail["dedup_key"] == f"proposal-{waiting.pk}-1"
    assert waiting.approval_id in mail["text"]
    assert "\n" in mail["text"]


def test_the_settings_page_keeps_every_number_and_an_empty_one_follows_the_rest(as_max, as_ada):
    form = {
        "second_person_over": "500", "second_person_over_people": "10", "asks_again_days": "3", "reason_required": "on",
        "own_hard-delete": "1", "own_soft-delete": "",
    }  # fmt: skip
    assert as_max.post("/settings/response", form).status_code == 302
    kept = selectors.policy()
    assert kept.second_person_by_action == {"hard-delete": 1}
    assert (kept.asks_again_days, kept.reason_required, kept.second_person_over) == (3, True, 500)
    page = as_max.get("/settings/response").content.decode()
    assert "Hard delete: a second person over" in page
    assert as_ada.post("/settings/response", form).status_code == 403
    as_max.post("/settings/response", {**form, "reason_required": "", "own_hard-delete": ""})
    assert (selectors.policy().second_person_by_action, selectors.policy().reason_required) == ({}, False)


@pytest.mark.parametrize("wrong", [{"asks_again_days": "-1"}, {"own_hard-delete": "-1"}, {"own_soft-delete": "x"}])
def test_a_number_that_is_none_is_refused_on_the_page(as_max, wrong):
    form = {"second_person_over": "1", "second_person_over_people": "1", "asks_again_days": "3", **wrong}
    assert as_max.post("/settings/response", form).status_code == 200
    assert selectors.policy().asks_again_days == 7
