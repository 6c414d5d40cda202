"""The pages: what they show, whom they refuse, that nothing hostile runs, that queries do not grow."""

from datetime import timedelta

import pytest

from watchfloor.incidents.models import Alert, Incident, Tag
from watchfloor.kernel.clock import utc_now

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u202egpj.exe"


@pytest.fixture
def recent(make):
    return utc_now() - timedelta(hours=2)


@pytest.fixture
def alert(findings, make, recent):
    return findings.raised(make.message(1), make.sender(), make.url(), make.mailbox(), make.user(), at=recent)


def test_the_queue_shows_open_incidents(as_ada, alert):
    text = as_ada.get("/incidents").content.decode()
    assert "Phishing mail “Your mailbox is full” reaching 1 person" in text
    assert "Last 24 hours" in as_ada.get("/incidents/last-day").content.decode()


def test_the_queue_hides_resolved_and_informational_incidents_by_default(as_ada, findings, make, recent):
    findings.raised(make.message(1, "Quiet one"), at=recent, severity="informational", title="Quiet one")
    assert "Quiet one" not in as_ada.get("/incidents").content.decode()
    assert "Quiet one" in as_ada.get("/incidents?severity=informational").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=billing%40x.example", True),
        ("q=ada%40corp.example", True),
        ("q=https%3A%2F%2Flogin.x.example%2Fmailbox", True),
        ("q=mailbox+is", True),
        ("q=nobody%40corp.example", False),
        ("status=resolved", False),
        ("status=active", True),
        ("severity=low", False),
        ("assigned=nobody", True),
        ("assigned=me", False),
        ("classification=truePositive", False),
        ("tag=vip", True),
        ("tag=other", False),
        ("range=1d", True),
        ("range=custom&from=2020-01-01T00:00&to=2020-02-01T00:00", False),
        ("range=nonsense&page=nonsense&from=x", True),
    ],
)
def test_the_queue_is_filtered_by_its_address(as_ada, alert, query, found):
    Tag.objects.create(incident=alert.incident, text="VIP")
    text = as_ada.get(f"/incidents?{query}").content.decode()
    assert (f'href="/incidents/{alert.incident_id}"' in text) is found


def test_the_queue_finds_an_incident_by_its_number(as_ada, alert):
    assert f'href="/incidents/{alert.incident_id}"' in as_ada.get(f"/incidents?q={alert.incident_id}").content.decode()


def test_an_empty_queue_says_what_to_do(as_ada):
    text = as_ada.get("/incidents").content.decode()
    assert "No incidents for this filter" in text
    assert "/settings/detections" in text
    assert "No alerts for this filter" in as_ada.get("/alerts").content.decode()


@pytest.mark.parametrize("tab", ["story", "alerts", "assets", "evidence", "activity", "nonsense"])
def test_every_tab_of_an_incident_opens(as_ada, alert, tab):
    assert as_ada.get(f"/incidents/{alert.incident_id}?tab={tab}").status_code == 200


def test_the_alerts_tab_says_why_each_alert_is_there(as_ada, alert, findings, make, recent):
    findings.raised(make.message(2), make.sender(), at=recent)
    text = as_ada.get(f"/incidents/{alert.incident_id}?tab=alerts").content.decode()
    assert "shares the sender billing@x.example" in text


def test_evidence_links_to_the_mail_and_to_explorer(as_ada, alert):
    text = as_ada.get(f"/incidents/{alert.incident_id}?tab=evidence").content.decode()
    assert 'href="/email/m-1"' in text
    assert "/explorer?from=" in text


def test_the_story_has_a_graph_of_alerts_and_entities(as_ada, alert):
    text = as_ada.get(f"/incidents/{alert.incident_id}").content.decode()
    assert 'data-kind="graph"' in text
    assert alert.alert_id in text


def test_the_summary_opens_in_the_flyout(as_ada, alert):
    text = as_ada.get(f"/incidents/{alert.incident_id}/summary").content.decode()
    assert "flyout-header" in text
    assert "<html" not in text


def test_the_alert_page_says_what_happened_and_which_conditions_held(as_ada, alert):
    text = as_ada.get(f"/alerts/{alert.alert_id}").content.decode()
    assert "threat type is “Phish” (found: Phish)" in text
    assert "Recommended actions" in text
    assert f"/incidents/{alert.incident_id}" in text


def test_the_manage_panel_changes_only_what_was_changed(as_ada, ada, alert):
    panel = as_ada.get(f"/incidents/{alert.incident_id}/manage")
    assert panel.status_code == 200
    incident = Incident.objects.get(pk=alert.incident_id)
    data = {"name": incident.name, "severity": "", "tags": "vip, finance", "assigned": f"person:{ada.pk}"}
    data |= {"status": "inProgress", "classification": "truePositive/phishing", "comment": "Looking.", "note": ""}
    as_ada.post(f"/incidents/{alert.incident_id}/manage", data)
    incident.refresh_from_db()
    assert (incident.status, incident.assigned_name, incident.determination) == ("inProgress", "Ada", "phishing")
    assert not incident.custom_name
    assert incident.tags.count() == 2
    kinds = set(incident.history.values_list("kind", flat=True))
    assert kinds == {"created", "tagged", "assigned", "classified", "status"}


def test_an_incident_is_not_assigned_to_somebody_without_the_right(as_ada, eve, alert):
    answer = as_ada.post(f"/incidents/{alert.incident_id}/manage", {"assigned": f"person:{eve.pk}"}, follow=True)
    assert "may not manage incidents" in answer.content.decode()
    assert Incident.objects.get(pk=alert.incident_id).assigned_to == ""


def test_many_incidents_are_changed_at_once(as_ada, findings, make, recent):
    alerts = [findings.raised(make.message(n), make.sender(f"{n}@x.example"), at=recent) for n in range(3)]
    rows = [str(alert.incident_id) for alert in alerts]
    answer = as_ada.post("/incidents/bulk", {"row": rows, "status": "resolved", "tags": "sweep"}, follow=True)
    assert "3 of 3 incidents changed" in answer.content.decode()
    assert Incident.objects.filter(status="resolved").count() == 3
    assert Alert.objects.filter(status="resolved").count() == 3


def test_a_merged_incident_says_where_it_went_and_can_be_taken_back(as_ada, alert, findings, make, recent):
    other = findings.raised(make.message(7), make.sender("z@z.example"), at=recent)
    as_ada.post(f"/incidents/{other.incident_id}/merge", {"into": str(alert.incident_id), "comment": "same"})
    text = as_ada.get(f"/incidents/{other.incident_id}").content.decode()
    assert f'href="/incidents/{alert.incident_id}"' in text
    as_ada.post(f"/incidents/{other.incident_id}/unmerge")
    assert Incident.objects.get(pk=other.incident_id).status == "active"


def test_an_alert_is_managed_and_moved_on_its_page(as_ada, alert, findings, make, recent):
    other = findings.raised(make.message(7), make.sender("z@z.example"), at=recent)
    assert as_ada.get(f"/alerts/{alert.alert_id}/manage").status_code == 200
    data = {"status": "inProgress", "assigned": "", "classification": "falsePositive/notMalicious", "comment": "Known."}
    as_ada.post(f"/alerts/{alert.alert_id}/manage", data)
    as_ada.post(f"/alerts/{alert.alert_id}/link", {"incident": str(other.incident_id)})
    row = Alert.objects.get(pk=alert.pk)
    assert (row.status, row.classification, row.incident_id) == ("inProgress", "falsePositive", other.incident_id)
    as_ada.post(f"/alerts/{alert.alert_id}/link", {"incident": ""})
    assert Alert.objects.get(pk=alert.pk).incident_id not in (alert.incident_id, other.incident_id)
    answer = as_ada.post(f"/alerts/{alert.alert_id}/link", {"incident": "nonsense"}, follow=True)
    assert "give the number" in answer.content.decode()


PAGES = ["/incidents", "/incidents/export.csv", "/alerts", "/incidents/1", "/incidents/1/summary", "/alerts/x"]
CHANGES = ["/incidents/bulk", "/incidents/1/manage", "/incidents/1/merge", "/incidents/1/unmerge", "/incidents/1/untag"]


@pytest.mark.parametrize("path", [*PAGES, *CHANGES, "/alerts/x/manage", "/alerts/x/link"])
def test_eve_sees_why_not(as_eve, path):
    answer = as_eve.post(path) if path in CHANGES or path.endswith("/link") else as_eve.get(path)
    assert answer.status_code == 403


def test_a_reader_sees_but_has_no_manage_button(client, db, alert):
    from watchfloor.access.models import Person, Role

    reader = Person.objects.create_user("rita@corp.example", "correct horse battery", name="Rita")
    reader.roles.set(Role.objects.filter(name="Security Reader"))
    if not reader.roles.exists():
        from watchfloor.access.services import ensure_built_in_roles

        ensure_built_in_roles()
        reader.roles.set(Role.objects.filter(name="Security Reader"))
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    text = client.get(f"/incidents/{alert.incident_id}").content.decode()
    assert "Manage incident" not in text
    assert client.post(f"/incidents/{alert.incident_id}/manage", {}).status_code == 403


def test_the_export_is_inert_in_a_spreadsheet(as_ada, findings, make, recent):
    alert = findings.raised(make.message(1), make.sender(), at=recent)
    Incident.objects.filter(pk=alert.incident_id).update(name="=cmd|' /C calc'!A0")
    text = as_ada.get("/incidents/export.csv").getvalue().decode()
    assert "'=cmd|" in text
    assert text.startswith('"Incident name","No.","Tags","Severity"')


def test_hostile_text_is_inert_on_every_page(as_ada, ada, findings, make, recent):
    alert = findings.raised(
        make.message(1, HOSTILE),
        ["sender", f"{HOSTILE}@x.example", HOSTILE, "source", "malicious"],
        ["url", f"https://x.example/{HOSTILE}", HOSTILE, "source", "malicious"],
        ["file", "ab" * 32, HOSTILE, "source", "malicious"],
        ["mailbox", f"{HOSTILE}@corp.example", "", "compromised", "unknown"],
        at=recent,
        title=HOSTILE,
        description=HOSTILE,
        explanation=[HOSTILE],
    )
    number = alert.incident_id
    data = {"name": f"{HOSTILE}\0", "tags": HOSTILE[:90], "comment": HOSTILE, "status": "resolved", "note": HOSTILE}
    as_ada.post(f"/incidents/{number}/manage", data)
    tabs = [f"/incidents/{number}?tab={tab}" for tab in ("story", "alerts", "assets", "evidence", "activity")]
    more = [f"/incidents/{number}/{part}" for part in ("summary", "manage")]
    queues = ["/incidents?status=resolved", "/alerts?status=resolved", f"/alerts/{alert.alert_id}"]
    for path in [*tabs, *more, *queues, f"/alerts/{alert.alert_id}/manage", "/incidents?q=%3Cscript%3Ealert(1)"]:
        text = as_ada.get(path).content.decode()
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        assert ">49<" not in text, path


def test_a_number_beyond_reason_is_not_found(as_ada):
    assert as_ada.get(f"/incidents/{10**30}").status_code == 404
    assert as_ada.get("/alerts/wf00").status_code == 404


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/incidents", 17),
        ("/incidents?q=billing@x.example", 17),
        ("/alerts", 15),
        ("/incidents/{n}", 15),
        ("/incidents/{n}?tab=alerts", 15),
        ("/incidents/{n}?tab=assets", 16),
        ("/incidents/{n}?tab=evidence", 15),
        ("/incidents/{n}?tab=activity", 17),
    ],
)
def test_the_number_of_queries_does_not_grow_with_the_rows(
    as_ada, findings, make, recent, django_assert_max_num_queries, path, most
):
    for number in range(12):
        boxes = [make.mailbox(f"p{number}-{box}@corp.example") for box in range(20)]
        findings.add(make.message(number), make.sender(f"s{number % 4}@x.example"), *boxes, at=recent)
    findings.promote(recent)
    with django_assert_max_num_queries(most):
        answer = as_ada.get(path.format(n=Incident.objects.first().pk))
    assert answer.status_code == 200


def test_ticked_users_of_an_incident_go_into_an_action_on_people(as_ada, findings, make, recent):
    findings.add(make.message(1), make.user("ann@corp.example"), at=recent)
    findings.promote(recent)
    n = Incident.objects.get().pk
    page = as_ada.get(f"/incidents/{n}?tab=assets&kind=users").content.decode()
    assert 'action="/actions/people/new"' in page
    assert f'name="incident_id" value="{n}"' in page
    assert 'name="name" value="ann@corp.example"' in page
    assert 'name="name"' not in as_ada.get(f"/incidents/{n}?tab=assets&kind=mailboxes").content.decode()


def test_a_form_does_not_send_people_to_other_sites(as_ada, alert):
    for where in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = as_ada.post("/incidents/bulk", {"row": [], "return": where})
        assert answer.headers["Location"] == "/incidents"


def test_the_rules_of_correlation_are_there_to_read(as_ada, as_eve):
    text = as_ada.get("/settings/correlation").content.decode()
    assert "Mail cluster" in text
    assert "linkedin.com" in text
    assert as_eve.get("/settings/correlation").status_code == 403
