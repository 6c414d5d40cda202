"""Home: each card for whoever may see it, true numbers, and words where there is nothing yet."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.incidents.models import Incident
from watchfloor.kernel.errors import Unreachable
from watchfloor.lake.services import append
from watchfloor.portal import cards
from watchfloor.portal.cards import CARDS, card
from watchfloor.portal.home import filled, shown_cards
from watchfloor.runtime.services import report_health

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def mail(number, *, recipient="ada@corp.example", threat="", at=NOW, **fields):
    return {
        "Timestamp": at,
        "NetworkMessageId": f"00000000-0000-4000-8000-{number:012}",
        "InternetMessageId": f"<m{number}@vendor.example>",
        "Subject": f"Invoice {number}",
        "SenderFromAddress": "billing@vendor.example",
        "SenderFromDomain": "vendor.example",
        "RecipientEmailAddress": recipient,
        "ThreatTypes": threat,
        "ReportId": f"r{number}",
        **fields,
    }


def incident(name, severity, **fields):
    times = dict.fromkeys(("first_activity", "last_activity", "created_at", "updated_at"), NOW)
    return Incident.objects.create(name=name, severity=severity, **times, **fields)


def may(*permissions):
    return Actor("person:1", "Ada", frozenset(permissions))


def test_home_shows_each_card_only_to_whoever_may_see_it():
    for one in CARDS:
        assert [shown.card.key for shown in shown_cards(actor=may(one.permission), now=NOW)] == [
            other.key for other in CARDS if other.permission == one.permission
        ]
    assert shown_cards(actor=may(Permission.HOME_READ), now=NOW) == ()


def test_home_opens_for_ada_with_nothing_in_it(as_ada):
    page = as_ada.get("/").content.decode()
    assert "<h1>Home</h1>" in page
    assert "No open incidents" in page
    assert 'hx-get="/home/mail_volume"' in page


def test_eve_reads_why_not(as_eve):
    assert as_eve.get("/").status_code == 403


def test_somebody_unknown_is_sent_to_sign_in(client):
    assert client.get("/")["Location"].startswith("/sign-in")


@pytest.mark.parametrize("one", CARDS, ids=lambda one: one.key)
def test_a_card_bears_empty_data_and_says_what_to_do(as_max, one):
    answer = as_max.get(f"/home/{one.key}")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert f'id="card-{one.key}"' in page
    assert "empty-title" in page or one.key == "actions"


def test_the_mail_card_leads_to_connecting_a_mailbox_when_there_is_no_mail(as_max):
    assert "/settings/connections" in as_max.get("/home/mail_volume").content.decode()


def test_a_card_needs_its_own_permission_too(eve, as_eve):
    from watchfloor.access.models import Role

    eve.roles.add(Role.objects.get(name="Quarantine Administrator"))
    assert as_eve.get("/home/recent_alerts").status_code == 403
    assert as_eve.get("/").status_code == 200


def test_a_card_that_does_not_exist_is_not_found(as_ada):
    assert as_ada.get("/home/no-such-card").status_code == 404


def test_open_incidents_are_counted_by_severity(as_ada):
    incident("A", "high")
    incident("B", "medium")
    incident("C", "medium", status="resolved")
    stats = {label: value for label, value, _, _ in card("open_incidents").context(now=NOW)["stats"]}
    assert stats == {"High": 1, "Medium": 1, "Low": 0, "Informational": 0}
    assert "2 of 2 without an owner" in as_ada.get("/").content.decode()


def test_mail_volume_counts_each_day_by_verdict():
    append(
        "EmailEvents",
        [mail(1), mail(2, threat="Phish"), mail(3, at=NOW - timedelta(days=2)), mail(4, at=NOW - timedelta(days=9))],
    )
    context = card("mail_volume").context(now=NOW)
    series = {one["name"]: one["values"] for one in context["data"]["series"]}
    assert context["total"] == 3
    assert context["data"]["categories"][-1] == "Sun 22 Nov"
    assert sum(series["No threat"]) == 2
    assert series["Phish"][-1] == 1
    assert len(context["data"]["categories"]) == 7


def test_a_bar_of_mail_volume_opens_explorer_on_the_same_mails(as_ada):
    append("EmailEvents", [mail(1, threat="Phish")])
    series = card("mail_volume").context(now=NOW)["data"]["series"]
    assert "ThreatTypes" in series[0]["href"]
    assert as_ada.get(series[0]["href"]).status_code == 200


def test_top_targeted_ranks_people_by_malware_and_phish_only():
    append(
        "EmailEvents",
        [
            mail(1, threat="Phish"),
            mail(2, threat="Malware"),
            mail(3, recipient="max@corp.example", threat="Phish"),
            *(mail(number, recipient="eve@corp.example", threat="Spam") for number in range(10, 20)),
        ],
    )
    rows = card("top_targeted").context(now=NOW)["rows"]
    assert [(row["address"], row["count"]) for row in rows] == [("ada@corp.example", 2), ("max@corp.example", 1)]


def test_recent_alerts_are_newest_first_and_each_once():
    append(
        "AlertInfo",
        [
            {"Timestamp": NOW - timedelta(hours=hours), "AlertId": id, "Title": title, "Severity": "High"}
            for hours, id, title in ((3, "a", "Old"), (1, "a", "New"), (2, "b", "Other"))
        ],
    )
    rows = card("recent_alerts").context(now=NOW)["rows"]
    assert [(row["AlertId"], row["Title"]) for row in rows] == [("a", "New"), ("b", "Other")]


def test_health_names_what_fails_and_counts_what_runs(as_ada):
    report_health("imap Office", state="failing", sentence="mail.corp.example does not answer")
    report_health("ingest", state="ok", sentence="running")
    page = as_ada.get("/home/sources").content.decode()
    assert "mail.corp.example does not answer" in page
    assert "1 part running" in page


def test_a_card_in_trouble_says_so_and_leaves_the_others_alone(monkeypatch, as_ada):
    def broken(self, *, now):
        raise Unreachable("the lake does not answer")

    monkeypatch.setattr(cards.OpenIncidents, "context", broken)
    assert filled(card("open_incidents"), now=NOW).trouble == "the lake does not answer"
    page = as_ada.get("/").content.decode()
    assert "the lake does not answer" in page
    assert "Action center" in page


def test_hostile_titles_stay_text_on_home(as_ada):
    append(
        "AlertInfo",
        [
            {
                "Timestamp": datetime.now(UTC),
                "AlertId": "x",
                "Title": "<script>alert(1)</script>\u202e",
                "Severity": "High",
            }
        ],
    )
    page = as_ada.get("/home/recent_alerts").content.decode()
    assert "<script>" not in page
    assert "⟨RLO⟩" in page


def test_home_asks_a_number_of_queries_that_does_not_grow(as_ada, django_assert_max_num_queries):
    for number in range(12):
        incident(f"I{number}", "low")
        report_health(f"part {number}", state="ok", sentence="running")
    with django_assert_max_num_queries(16):
        as_ada.get("/")


def test_without_javascript_every_card_can_be_had_at_once(as_ada):
    page = as_ada.get("/").content.decode()
    assert '<noscript><p class="below"><a href="/?complete=1">' in page
    whole = as_ada.get("/?complete=1").content.decode()
    assert "Loading" not in whole
    assert "<noscript>" not in whole


def test_top_users_by_investigation_priority_are_ranked_by_score(db):
    from watchfloor.identities.models import DirectoryPerson, PersonRisk

    def scored(name, score, **more):
        who = DirectoryPerson.objects.create(address=f"{name}@corp.example", name=name, source="t", imported_at=NOW)
        return PersonRisk.objects.create(person=who, score=score, scored_at=NOW, **more)

    assert card("riskiest").context(now=NOW)["rows"] == ()
    scored("low", 12, level="low")
    scored("high", 70, level="high")
    scored("none", 0)
    scored("pinned", 0, level="high", state="confirmedCompromised")
    rows = card("riskiest").context(now=NOW)["rows"]
    assert [row.name for row in rows] == ["pinned", "high", "low"]


def test_campaigns_and_shared_trackers_stand_on_the_home_page_with_their_trend(db):
    from watchfloor.hunting.campaigns.noting import note_campaigns
    from watchfloor.lake.models import Campaign

    append("EmailEvents", [mail(n, threat="Phish", EmailClusterId=71) for n in range(3)])
    counts = {"mails": 3, "phish": 3, "threat": "Phish", "words": "all were", "judged_at": NOW}
    Campaign.objects.create(pk=71, first_at=NOW, last_at=NOW, last_seen=NOW.date(), **counts)
    note_campaigns(now=NOW)
    (one,) = card("campaigns").context(now=NOW)["campaigns"]
    assert (one.trend.today, one.href.split("?")[0]) == (3, "/campaigns/71")
