"""The pages: list, one investigation in its tabs, starting by hand, deciding, the settings."""

import pytest

from watchfloor.intelligence.models import Entry
from watchfloor.investigations.contracts import RecommendationStatus, Status
from watchfloor.investigations.models import Investigation, Recommendation
from watchfloor.investigations.panels import InvestigationsOfAnEmail
from watchfloor.investigations.tabs import TABS
from watchfloor.investigations.tests.conftest import NOW, PHISH
from watchfloor.lake.contracts import EmailRecord
from watchfloor.mail.contracts import EmailEntity
from watchfloor.response.selectors import remediation

pytestmark = pytest.mark.django_db


def test_the_list_is_empty_and_says_what_to_do(as_ada):
    words = as_ada.get("/investigations").content.decode()
    assert "Nothing was investigated in this time" in words


def test_the_list_shows_finds_and_exports_what_was_looked_into(phish, begun, as_ada):
    found = begun(phish)
    assert found.href in as_ada.get("/investigations?period=all&q=hand").content.decode()
    assert found.href not in as_ada.get("/investigations?period=all&status=Failed").content.decode()
    lines = b"".join(as_ada.get("/investigations/export.csv?period=all").streaming_content).decode()
    assert "Pending action" in lines


@pytest.mark.parametrize("tab", [key for key, _ in TABS])
def test_every_tab_opens(phish, begun, as_ada, tab):
    answer = as_ada.get(f"{begun(phish).href}?tab={tab}")
    assert answer.status_code == 200
    assert b"By hand" in answer.content


def test_the_evidence_shows_both_counts_and_the_whole_query(phish, begun, as_ada):
    words = as_ada.get(f"{begun(phish).href}?tab=evidence").content.decode()
    assert "Same body, same sender IP: “Your password ends today” · 192.0.2.66" in words
    assert "EmailClusterId" in words
    assert "/hunting?query=" in words
    assert "/explorer?from=" in words


def test_the_log_shows_each_question_with_its_query(phish, begun, as_ada):
    words = as_ada.get(f"{begun(phish).href}?tab=log").content.decode()
    assert "Which other mails are like it?" in words
    assert "UrlClickEvents" in words


@pytest.mark.parametrize("part", ["log", "actions", "clusters"])
def test_each_list_is_exported(phish, begun, as_ada, part):
    answer = as_ada.get(f"{begun(phish).href}/{part}.csv")
    assert len(b"".join(answer.streaming_content).splitlines()) > 1


def test_approving_in_the_investigation_approves_in_the_action_center(phish, begun, as_ada):
    found = begun(phish)
    as_ada.post(f"{found.href}/decide", {"decision": "approve", "scope": "all", "reason": "It is phish"})
    removal = found.recommendations.get(kind="mail")
    assert removal.status == RecommendationStatus.RUNNING
    assert (removal.decided_by_name, removal.decision_reason) == ("Ada", "It is phish")
    assert remediation(removal.remediation_id).decided_by_name == "Ada"


def test_rejecting_everything_leaves_it_partially_investigated(phish, begun, as_ada):
    found = begun(phish)
    as_ada.post(f"{found.href}/decide", {"decision": "reject", "row": found.recommendations.get(kind="mail").pk})
    found.refresh_from_db()
    assert found.status == Status.PARTIALLY_INVESTIGATED
    assert remediation(found.recommendations.get(kind="mail").remediation_id).status == "Rejected"


def test_a_blocked_url_becomes_an_entry_of_the_block_list(phish, begun, as_ada):
    found = begun(phish, urls=["https://login.evil.example/now"])
    block = found.recommendations.get(kind="block")
    as_ada.post(f"{found.href}/decide", {"decision": "approve", "row": block.pk})
    assert Entry.objects.get().effect == "block"
    assert Recommendation.objects.get(pk=block.pk).status == RecommendationStatus.DONE


def test_many_malicious_urls_of_one_host_are_one_entry(phish, begun, as_ada):
    found = begun(phish, urls=[f"https://mark.evil.example/v?u={number}" for number in range(3)])
    block = found.recommendations.get(kind="block")
    as_ada.post(f"{found.href}/decide", {"decision": "approve", "row": block.pk})
    assert Entry.objects.get().value == "mark.evil.example/*"


def test_an_analyst_starts_one_of_a_mail(phish, as_ada, queued):
    words = as_ada.get(f"/investigations/new?message={PHISH}").content.decode()
    assert "1 mail" in words
    answer = as_ada.post("/investigations/start", {"message": PHISH, "reason": "It looks odd"})
    found = Investigation.objects.get()
    assert answer.url == found.href
    assert (found.reason, found.created_by_name, found.status) == ("It looks odd", "Ada", Status.QUEUED)


def test_an_analyst_starts_one_of_a_person(as_ada, queued):
    as_ada.post("/investigations/start", {"name": "ann@corp.example"})
    assert Investigation.objects.get().playbook == "user-compromise"


def test_nothing_chosen_is_said_in_words(as_ada):
    assert b"Mails are chosen in Explorer" in as_ada.get("/investigations/new").content


def test_somebody_without_the_right_starts_nothing(as_eve, phish):
    assert as_eve.post("/investigations/start", {"message": PHISH}).status_code == 403
    assert not Investigation.objects.exists()


def test_ending_one_leaves_its_proposals(phish, begun, as_ada):
    found = begun(phish)
    as_ada.post(f"{found.href}/stop", {"reason": "Known test"})
    found.refresh_from_db()
    assert (found.status, found.why) == (Status.STOPPED, "Known test")
    assert remediation(found.recommendations.get(kind="mail").remediation_id).status == "Pending approval"


def test_the_email_page_offers_to_investigate_and_lists_what_was(phish, begun, analyst):
    found = begun(phish)
    record = EmailRecord(PHISH, "", "", NOW, {})
    entity = EmailEntity(record, "ann@corp.example", {}, ("ann@corp.example",), {})
    panel = InvestigationsOfAnEmail()
    words = panel.render(entity=entity, actor=analyst)
    assert found.href in words
    assert f"/investigations/new?message={PHISH}" in words
    assert panel.events(entity=entity, actor=analyst)[0].href == found.href


def test_while_it_waits_in_line_the_page_asks_how_far_it_is(phish, as_ada, queued):
    as_ada.post("/investigations/start", {"message": PHISH})
    words = as_ada.get(Investigation.objects.get().href).content.decode()
    assert "It waits for its turn" in words
    assert "every 2s" in words
