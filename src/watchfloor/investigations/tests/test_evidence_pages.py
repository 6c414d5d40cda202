"""What became of evidence, in the investigation and in its incident; the time line, the report, undoing from the history."""

from datetime import timedelta

import pytest

from watchfloor.incidents.models import Incident
from watchfloor.investigations import remedies
from watchfloor.investigations.contracts import RecommendationStatus as R
from watchfloor.investigations.contracts import Status
from watchfloor.investigations.following import follow
from watchfloor.investigations.models import Cluster, Investigation, Recommendation
from watchfloor.investigations.printing import as_html
from watchfloor.investigations.rendering import spent, time_bar
from watchfloor.investigations.tests.conftest import NOW, PHISH, email_row
from watchfloor.investigations.tests.test_triggers import cluster as named_cluster
from watchfloor.investigations.tests.test_triggers import raise_alert
from watchfloor.lake import services as lake
from watchfloor.response.models import Remediation

pytestmark = pytest.mark.django_db
OTHER = "33333333-3333-4333-8333-333333333333"


def cluster(*, then: int, left: int, verdict: str = "Malicious") -> Cluster:
    return Cluster(kind="url", verdict=verdict, then={"mailbox": then}, today={"mailbox": left})


@pytest.mark.parametrize(
    ("then", "left", "asked", "remedy"),
    [
        (0, 0, None, "Prevented"),
        (3, 0, R.DONE, "Remediated"),
        (3, 3, R.PENDING, "Pending approval"),
        (3, 1, R.DONE, "Partially remediated"),
        (3, 3, R.REJECTED, "Unremediated"),
    ],
)
def test_what_became_of_a_malicious_cluster_follows_from_where_its_copies_lie(then, left, asked, remedy):
    assert remedies.of_cluster(cluster(then=then, left=left), asked)[0].value == remedy


def test_what_is_not_malicious_needs_no_remedy():
    assert remedies.of_cluster(cluster(then=3, left=3, verdict="Suspicious"), None)[0].value == "Not needed"


def test_malicious_mail_that_no_mailbox_holds_was_prevented(begun, as_ada):
    lake.append(
        "EmailEvents", [email_row(PHISH, "ann@corp.example", DeliveryLocation="Quarantine", DeliveryAction="Blocked")]
    )
    found = begun(PHISH)
    assert found.status == Status.REMEDIATED
    words = as_ada.get(found.href).content.decode()
    assert "nothing had to be removed" in words
    assert "Prevented" in as_ada.get(f"{found.href}?tab=evidence").content.decode()


def test_evidence_and_entities_are_narrowed_in_the_address(phish, begun, as_ada):
    here = begun(phish, urls=["https://login.evil.example/now"]).href
    assert "Same body, same sender IP" in as_ada.get(f"{here}?tab=evidence&verdict=Malicious").content.decode()
    assert "No cluster is like this" in as_ada.get(f"{here}?tab=evidence&verdict=Unknown").content.decode()
    mails = as_ada.get(f"{here}?tab=entities&type=analyzedMessage").content.decode()
    assert "Your password ends today" in mails
    assert "Delivery" in mails
    assert "192.0.2.66" not in mails.partition('id="entities"')[2]
    assert "No entity is like this" in as_ada.get(f"{here}?tab=entities&remedy=Partially+remediated").content.decode()


def test_the_graph_tab_tells_where_the_time_went_and_what_happened_when(phish, begun, as_ada):
    found = begun(phish)
    words = as_ada.get(found.href).content.decode()
    assert "Where the time went" in words
    assert "Run 1 answered" in words
    assert "Recommended: Soft delete" in words


def test_time_in_line_at_work_and_waiting_add_up_to_all_of_it():
    found = Investigation(
        created_at=NOW, started_at=NOW + timedelta(minutes=1), waiting_since=NOW + timedelta(minutes=3), waited=0
    )
    now = NOW + timedelta(days=3)
    parts = dict(spent(found, now=now))
    assert parts["In line"] == 60
    assert parts["At work"] == 120
    assert sum(parts.values()) == timedelta(days=3).total_seconds()
    assert time_bar(found, now=now)["categories"] == ["Days"]


@pytest.fixture
def in_incident(phish, begun):
    """The phish's investigation, in an incident."""
    found = begun(phish)
    incident = Incident.objects.create(
        name="Phish", severity="high", first_activity=NOW, last_activity=NOW, created_at=NOW, updated_at=NOW
    )
    Investigation.objects.update(incident_id=str(incident.pk))
    return incident, found


def test_the_incident_shows_what_waits_and_the_clusters_with_their_counts(in_incident, as_ada):
    incident, found = in_incident
    runs = as_ada.get(f"/investigations/of-incident/{incident.pk}").content.decode()
    assert found.href in runs
    assert "Approve" in runs
    evidence = as_ada.get(f"/investigations/evidence-of-incident/{incident.pk}").content.decode()
    assert "Sure phish" in evidence
    assert "Pending approval" in evidence
    page = as_ada.get(f"/incidents/{incident.pk}?tab=evidence").content.decode()
    assert f"/investigations/evidence-of-incident/{incident.pk}" in page


def test_one_list_holds_the_clusters_that_investigations_judged_and_those_that_alerts_alone_name(phish, begun, as_ada):
    lake.append("EmailEvents", [email_row(OTHER, "eve@corp.example", EmailClusterId=99, SenderIP="192.0.2.9")])
    alert = raise_alert("reported-phish", named_cluster("71"), named_cluster("99"))
    begun(phish)
    Investigation.objects.update(incident_id=str(alert.incident_id))
    page = as_ada.get(f"/investigations/evidence-of-incident/{alert.incident_id}").content.decode()
    assert page.count('id="clusters"') == 1
    assert page.count("Not judged") == 1, "71 is judged by its likeness, 99 is not"
    assert page.count("Malicious") == 4
    whole = as_ada.get(f"/incidents/{alert.incident_id}?tab=evidence").content.decode()
    assert 'id="clusters"' not in whole


def test_approving_in_the_incident_approves_the_remediation(in_incident, as_ada):
    incident, found = in_incident
    chosen = found.recommendations.get(kind="mail")
    answer = as_ada.post(
        f"/investigations/of-incident/{incident.pk}/decide",
        {"decision": "approve", "row": chosen.pk, "reason": "Phish", "tab": "evidence"},
    )
    assert answer.url == f"/incidents/{incident.pk}?tab=evidence"
    chosen.refresh_from_db()
    assert (chosen.status, chosen.decided_by_name) == (R.RUNNING, "Ada")
    assert Remediation.objects.get(pk=chosen.remediation_id).decision_reason == "Phish"


def test_what_belongs_to_another_incident_cannot_be_decided_here(in_incident, as_ada):
    incident, found = in_incident
    as_ada.post(
        f"/investigations/of-incident/{incident.pk + 1}/decide", {"decision": "approve", "scope": "all", "row": "1"}
    )
    assert found.recommendations.get(kind="mail").status == R.PENDING


def test_who_may_not_decide_sees_what_waits_without_buttons(in_incident, as_max, as_eve):
    incident, _ = in_incident
    assert as_eve.get(f"/investigations/of-incident/{incident.pk}").status_code == 403
    assert as_eve.post(f"/investigations/of-incident/{incident.pk}/decide", {"scope": "all"}).status_code == 403


def test_what_was_done_by_itself_says_so_and_can_be_undone_from_the_history(phish, begun, as_ada):
    found = begun(phish)
    wish = found.recommendations.get(kind="mail")
    Recommendation.objects.filter(pk=wish.pk).update(status=R.DONE, automatic=True, decided_at=NOW, finished_at=NOW)
    Remediation.objects.filter(pk=wish.remediation_id).update(status="Completed", moved=3)
    words = as_ada.get(f"{found.href}?tab=history").content.decode()
    assert "Automation" in words
    assert f"/action-center/{wish.remediation_id}/undo" in words
    Remediation.objects.filter(pk=wish.remediation_id).update(status="Undone")
    words = as_ada.get(f"{found.href}?tab=history").content.decode()
    assert "Undone" in words
    assert f"/action-center/{wish.remediation_id}/undo" not in words


def test_the_remediation_leads_back_to_its_investigation(phish, begun, as_ada):
    found = begun(phish)
    wish = found.recommendations.get(kind="mail")
    assert found.href in as_ada.get(f"/investigations/of-remediation/{wish.remediation_id}").content.decode()
    assert (
        f"/investigations/of-remediation/{wish.remediation_id}"
        in as_ada.get(f"/action-center/{wish.remediation_id}").content.decode()
    )


def test_the_mail_of_a_submission_lists_what_was_looked_into(phish, begun, as_ada):
    words = as_ada.get(f"/investigations/of-message/{PHISH}").content.decode()
    assert "Nobody looked into this yet" in words
    assert begun(phish).href in as_ada.get(f"/investigations/of-message/{PHISH}").content.decode()


def test_the_report_holds_questions_clusters_and_decisions(phish, begun, analyst):
    words = as_html(begun(phish), by=analyst, at=NOW)
    for part in ("Soft delete", "Which other mails are like it?", "Same body, same sender IP", "Time line"):
        assert part in words


def test_what_was_undone_before_anybody_looked_is_no_failure(phish, begun, as_ada):
    found = begun(phish)
    as_ada.post(f"{found.href}/decide", {"decision": "approve", "scope": "all"})
    wish = found.recommendations.get(kind="mail")
    Remediation.objects.filter(pk=wish.remediation_id).update(status="Undone", moved=3, frozen_at=NOW)
    follow(now=NOW + timedelta(minutes=1))
    wish.refresh_from_db()
    assert wish.status == R.DONE
    assert "Undone" in as_ada.get(f"{found.href}?tab=history").content.decode()
