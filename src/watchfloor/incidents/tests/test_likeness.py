"""What is alike, the story step by step, the pane of an entity, the summary, several incidents merged at once."""

from datetime import timedelta

import pytest

from watchfloor.access.selectors import system_actor
from watchfloor.incidents import selectors, services
from watchfloor.incidents.contracts import Correlation, HistoryFilter
from watchfloor.incidents.hunts import hunts
from watchfloor.incidents.models import Alert, AlertEvidence, Incident, Tag
from watchfloor.incidents.reading import history_people
from watchfloor.incidents.similar import similar_alerts, similar_incidents
from watchfloor.incidents.story import entity_graph, steps_of
from watchfloor.incidents.summary import by_severity, evidence_counts, scope, stages
from watchfloor.kernel.clock import utc_now


@pytest.fixture
def recent():
    return utc_now() - timedelta(hours=5)


@pytest.fixture
def first(findings, make, recent):
    """Sender, link, address, two people."""
    return findings.raised(
        make.message(1, "One"),
        make.sender("a@x.example"),
        make.url("https://x.example/one"),
        make.mailbox("ann@corp.example"),
        make.mailbox("bob@corp.example", "compromised"),
        at=recent,
    )


@pytest.fixture
def apart(findings, make, recent, by_ada, first):
    """Another incident with the same link and one of the people, split off by hand."""
    alert = findings.raised(
        make.message(2, "Two"),
        make.url("https://x.example/one"),
        make.mailbox("ann@corp.example"),
        at=recent + timedelta(minutes=30),
        rule_id="other-policy",
        title="Another thing",
        category="Execution",
    )
    if alert.incident_id == first.incident_id:
        services.split_alert(alert=alert.alert_id, by=by_ada)
    return Alert.objects.get(pk=alert.pk)


@pytest.fixture
def stranger(findings, make, recent):
    return findings.raised(make.message(7, "Far away"), make.sender("z@z.example"), at=recent, rule_id="third-policy")


# --- similar ------------------------------------------------------------------------------------------------------


def test_similar_incidents_say_how_many_of_how_many_entities(first, apart, stranger):
    (found,) = similar_incidents(first.incident_id)
    assert found.incident.id == apart.incident_id
    assert (found.shared, found.of) == (2, 5)
    assert found.words.startswith("2 of 5 entities: ")
    assert "URL https://x.example/one" in found.words
    assert "account" in found.words or "user" in found.words or "ann@corp.example" in found.words


def test_what_stands_in_everybodys_alerts_makes_nothing_similar(first, apart, monkeypatch):
    from watchfloor.incidents import similar

    monkeypatch.setattr(similar, "Correlation", lambda: Correlation(ubiquitous_specific=1))
    assert similar_incidents(first.incident_id) == ()


def test_merged_incidents_are_not_offered_again(first, apart, by_ada):
    services.merge(source=apart.incident_id, into=first.incident_id, by=by_ada)
    assert similar_incidents(first.incident_id) == ()


def test_an_incident_without_entities_has_none_like_it(findings, recent):
    alert = findings.raised(at=recent)
    assert similar_incidents(alert.incident_id) == ()


def test_the_tab_shows_the_ratio_and_the_other_ones_judgement(as_ada, first, apart, by_ada):
    services.classify(
        incident=apart.incident_id, classification="falsePositive", determination="notMalicious", by=by_ada
    )
    text = as_ada.get(f"/incidents/{first.incident_id}?tab=similar").content.decode()
    assert "2 of 5 entities" in text
    assert "False positive" in text


def test_similar_takes_the_same_queries_however_many_there_are(
    first, findings, make, recent, django_assert_max_num_queries
):
    for number in range(12):
        findings.raised(
            make.message(100 + number), make.url("https://x.example/one"), at=recent + timedelta(minutes=number)
        )
    with django_assert_max_num_queries(8):
        similar_incidents(first.incident_id)


def test_similar_alerts_are_of_the_same_policy_or_name_the_same(first, apart, findings, make, recent):
    same = findings.raised(make.message(50, "Same policy"), make.sender("q@q.example"), at=recent)
    found = {one.alert_id: why for one, why in similar_alerts(first.alert_id)}
    assert found[apart.alert_id] == "2 of 5 entities"
    assert found[same.alert_id] == "same alert policy"
    assert first.alert_id not in found


def test_similar_alerts_are_classified_together(as_ada, first, apart):
    text = as_ada.get(f"/alerts/{first.alert_id}/similar").content.decode()
    assert apart.alert_id in text
    data = {"row": [first.alert_id, apart.alert_id], "classification": "truePositive/phishing", "status": "keep"}
    as_ada.post("/alerts/bulk", data)
    assert set(Alert.objects.values_list("classification", flat=True)) == {"truePositive"}
    assert set(Alert.objects.values_list("status", flat=True)) == {"new"}


def test_the_alert_page_has_its_story_and_its_likes(as_ada, first, apart):
    text = as_ada.get(f"/alerts/{first.alert_id}").content.decode()
    assert "alert-graph" in text
    assert "Another thing" in text
    assert "View messages in Explorer" in text


# --- the story ----------------------------------------------------------------------------------------------------


def test_the_story_has_a_step_for_each_alert_with_what_it_touches(first, apart, by_ada):
    services.link_alert(alert=apart.alert_id, incident=first.incident_id, by=by_ada)
    graph = entity_graph(first.incident_id)
    steps = steps_of(graph, selectors.alerts_of_incident(first.incident_id))
    assert [step.alert_id for step in steps] == [first.alert_id, apart.alert_id]
    assert steps[0].nodes[0] == first.alert_id
    assert set(steps[1].nodes) <= {node["id"] for node in graph["nodes"]}
    assert all("entity" not in node for node in graph["nodes"])


def test_the_graph_of_one_alert_holds_no_other(first, apart, by_ada):
    services.link_alert(alert=apart.alert_id, incident=first.incident_id, by=by_ada)
    drawn = [
        node["id"]
        for node in entity_graph(first.incident_id, alert=first.alert_id)["nodes"]
        if node["group"] == "Alert"
    ]
    assert drawn == [first.alert_id]


def test_the_playback_stands_on_the_page_as_data_nothing_can_end(as_ada, findings, make, recent):
    alert = findings.raised(make.message(1, "</script><b>"), make.sender(), at=recent, title="</script><img src=x>")
    text = as_ada.get(f"/incidents/{alert.incident_id}").content.decode()
    assert 'data-behaviour="incidents:playback"' in text
    assert "</script><img" not in text
    assert "\\u003c/script\\u003e" in text


# --- an entity ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("analyzedMessage", "m-1"),
        ("sender", "a@x.example"),
        ("url", "https://x.example/one"),
        ("mailbox", "bob@corp.example"),
        ("user", "bob@corp.example"),
    ],
)
def test_the_pane_of_an_entity_says_what_it_is_and_what_to_do(as_ada, first, kind, value):
    text = as_ada.get(f"/incidents/{first.incident_id}/entity", {"type": kind, "value": value}).content.decode()
    assert value in text
    assert "Go hunt" in text
    assert first.title in text
    assert "No other incident names it" in text


def test_the_pane_counts_other_incidents(as_ada, first, apart):
    asked = {"type": "url", "value": "https://x.example/one"}
    text = as_ada.get(f"/incidents/{first.incident_id}/entity", asked).content.decode()
    assert "1 other incident names it" in text


@pytest.mark.parametrize("asked", [{"type": "url", "value": "none"}, {}, {"type": "x" * 50, "value": "\x00"}])
def test_an_entity_the_incident_has_not_is_not_found(as_ada, first, asked):
    assert as_ada.get(f"/incidents/{first.incident_id}/entity", asked).status_code == 404


@pytest.mark.parametrize(
    "kind", ["analyzedMessage", "mailCluster", "sender", "mailbox", "user", "url", "file", "ip", "device"]
)
def test_every_question_of_every_entity_compiles(kind, recent, as_ada):
    from urllib.parse import parse_qs, urlsplit

    from watchfloor.lake.selectors import check_query

    value = 'x" or true or "\\ | where b | c'
    for words, href in hunts(kind, value, recent, recent):
        (query,) = parse_qs(urlsplit(href).query)["query"]
        assert words
        assert check_query(query, now=recent) == [], query


# --- summary ------------------------------------------------------------------------------------------------------


def test_the_summary_follows_the_attack(first, apart, by_ada):
    services.link_alert(alert=apart.alert_id, incident=first.incident_id, by=by_ada)
    services.set_alert_status(alert=apart.alert_id, status="resolved", by=by_ada)
    found = stages(first.incident_id)
    assert [(one.name, one.alerts, one.active) for one in found] == [("Initial access", 1, 1), ("Execution", 1, 0)]
    assert by_severity(first.incident_id) == [("high", 2, 1)]


def test_the_summary_counts_each_entity_once_at_its_gravest(first, apart, by_ada):
    services.link_alert(alert=apart.alert_id, incident=first.incident_id, by=by_ada)
    AlertEvidence.objects.filter(alert=apart, type="url").update(verdict="malicious")
    counted = {kind: (numbers, whole) for kind, numbers, whole in evidence_counts(first.incident_id)}
    assert counted["URL"] == ([1, 0, 0, 0], 1)
    assert counted["Mail message"][1] == 2


def test_the_scope_names_who_acted_first(first):
    reader = system_actor("test")
    kinds = {key: (rows, number) for key, _, rows, number in scope(first.incident_id, actor=reader)}
    rows, number = kinds["mailboxes"]
    assert number == 2
    assert rows[0].item.value == "bob@corp.example"


# --- the activity log ---------------------------------------------------------------------------------------------


def test_the_activity_log_is_filtered(first, by_ada, as_ada):
    services.comment(incident=first.incident_id, text="A remark on parcels", by=by_ada)
    services.comment_alert(alert=first.alert_id, text="About the alert", by=by_ada)

    def texts(**asked):
        items = selectors.history_of(incident=first.incident_id, asked=HistoryFilter(**asked))
        return {item.body or item.kind for item in items}

    assert texts(origin="person") == {"A remark on parcels", "About the alert"}
    assert texts(kind="comment", target="alert") == {"About the alert"}
    assert texts(words="parcels") == {"A remark on parcels"}
    assert texts(by="Ada") == {"A remark on parcels", "About the alert"}
    assert "created" in texts(origin="system")
    assert texts(end=utc_now() - timedelta(days=900)) == set()
    assert texts(start=utc_now() + timedelta(days=1)) == set()
    assert "Ada" in history_people(first.incident_id)
    page = as_ada.get(f"/incidents/{first.incident_id}?tab=activity&by=Ada&words=parcels&from=x").content.decode()
    assert "A remark on parcels" in page
    assert "About the alert" not in page


# --- merging several ----------------------------------------------------------------------------------------------


def test_several_incidents_are_merged_into_the_one_that_somebody_chose(as_ada, first, apart, stranger):
    numbers = [first.incident_id, apart.incident_id, stranger.incident_id]
    fly_out = as_ada.post(
        "/incidents/merge/choose", {"row": numbers, "into": str(stranger.incident_id)}
    ).content.decode()
    assert "Shares no entity" in fly_out
    as_ada.post("/incidents/merge", {"row": numbers, "into": str(stranger.incident_id), "comment": "One attack"})
    assert set(Alert.objects.values_list("incident", flat=True)) == {stranger.incident_id}
    assert set(Incident.objects.filter(redirected_to=stranger.incident_id).values_list("pk", flat=True)) == set(
        numbers[:2]
    )


def test_the_oldest_stays_unless_somebody_chooses_and_what_is_shared_is_said(as_ada, first, apart):
    text = as_ada.get("/incidents/merge/choose", {"row": [apart.incident_id, first.incident_id]}).content.decode()
    assert f'value="{first.incident_id}" checked' in text
    assert "2 of 5 entities" in text


def test_what_forbids_a_merge_is_said_before_and_the_others_are_merged(as_ada, by_ada, first, apart, stranger):
    services.set_status(incident=stranger.incident_id, status="resolved", by=by_ada)
    numbers = [first.incident_id, apart.incident_id, stranger.incident_id]
    assert "Cannot be merged" in as_ada.get("/incidents/merge/choose", {"row": numbers}).content.decode()
    answer = as_ada.post("/incidents/merge", {"row": numbers, "into": str(first.incident_id)}, follow=True)
    text = answer.content.decode()
    assert f"1 merged into incident {first.incident_id}" in text
    assert "is resolved; reopen it first" in text


@pytest.mark.parametrize("rows", [[], ["1"], ["x", "99999"]])
def test_one_incident_alone_is_not_merged(as_ada, first, rows):
    assert "Choose at least two incidents" in as_ada.get("/incidents/merge/choose", {"row": rows}).content.decode()
    text = as_ada.post("/incidents/merge", {"row": ["1"], "into": "1"}, follow=True).content.decode()
    assert "choose at least two incidents" in text


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        ("same", "it is the same incident"),
        ("missing", "there is no incident"),
        ("merged", "was merged into incident"),
        ("assigned", "assigned to"),
        ("classified", "classified differently"),
        ("nothing", ""),
    ],
)
def test_why_two_incidents_are_not_merged(first, apart, stranger, by_ada, prepare, words):
    source, into = apart.incident_id, first.incident_id
    if prepare == "same":
        into = source
    elif prepare == "missing":
        into = 99999
    elif prepare == "merged":
        services.merge(source=source, into=stranger.incident_id, by=by_ada)
    elif prepare == "assigned":
        Incident.objects.filter(pk=source).update(assigned_to="person:1", assigned_name="Ann")
        Incident.objects.filter(pk=into).update(assigned_to="person:2", assigned_name="Bob")
    elif prepare == "classified":
        services.classify(incident=source, classification="truePositive", determination="phishing", by=by_ada)
        services.classify(incident=into, classification="falsePositive", determination="other", by=by_ada)
    found = services.why_not(source, into)
    assert (words in found) if words else found == ""


def test_a_name_that_somebody_gave_survives_merges_and_their_undoing(first, apart, by_ada):
    services.rename(incident=first.incident_id, name="The parcel case", by=by_ada)
    services.merge(source=apart.incident_id, into=first.incident_id, by=by_ada)
    assert Incident.objects.get(pk=first.incident_id).name == "The parcel case"
    services.unmerge(source=apart.incident_id, by=by_ada)
    assert Incident.objects.get(pk=first.incident_id).name == "The parcel case"
    assert not Tag.objects.filter(incident=apart.incident_id, text="Redirected").exists()
