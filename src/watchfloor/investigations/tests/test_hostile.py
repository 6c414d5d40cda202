"""Investigations against mails whose words are made for our questions, floods of alerts, and limits walked around."""

import pytest
from django.http import QueryDict

from watchfloor.investigations import policy, triggers
from watchfloor.investigations.case import hunted, quoted
from watchfloor.investigations.contracts import Status, Wish, WishKind
from watchfloor.investigations.models import Investigation, Recommendation, TrustPolicy
from watchfloor.investigations.recommending import targets_of
from watchfloor.investigations.tests.conftest import NOW, email_row
from watchfloor.investigations.tests.test_triggers import mail, raise_alert, read
from watchfloor.lake import selectors as lake
from watchfloor.lake import services as lake_services

pytestmark = pytest.mark.django_db
EVIL = 'x") or true //\n| union EmailEvents\r\n\t~,%2C;all(Subject~contains~a)\\" \x1f'


def test_no_value_leaves_its_literal(phish):
    _, rows = hunted(f"EmailEvents | where Subject in ({quoted([EVIL, chr(92), chr(34)])}) | count", now=NOW)
    assert rows[0]["Count"] == 0
    assert "\n" not in quoted([EVIL])


def test_a_subject_made_of_our_own_signs_removes_no_other_mail(phish, begun):
    evil = "44444444-4444-4444-8444-444444444444"
    named = EVIL + "Lunch"
    lake_services.append("EmailEvents", [email_row(evil, "eve@corp.example", Subject=named, EmailClusterId=0)])
    found = begun(evil)
    queries = [
        QueryDict(targets_of(one.wished).query) for one in found.recommendations.filter(kind="mail") if one.wished.query
    ]
    assert queries
    for one in queries:
        rows = lake.rows(lake.query_from_parameters(one, now=NOW), columns=("NetworkMessageId",), limit=10)
        assert {row["NetworkMessageId"] for row in rows} <= {evil}


def test_more_copies_than_are_read_by_name_never_go_past_the_spared():
    in_force = TrustPolicy(pk=1, most_copies=100_000, daily_cap=1_000_000, spare_tagged=True)
    wish = Wish("c", WishKind.MAIL, "Soft delete", "", "soft-delete", copies=policy.MOST_NAMED + 1, share=100.0)
    around = policy.Circumstances(NOW, 0, frozenset({"boss@corp.example"}), frozenset({"ann@corp.example"}))
    assert policy.why_not_automatic(in_force, wish, around)


def test_many_small_recommendations_stay_within_one_days_cap(phish, begun):
    TrustPolicy.objects.create(
        pk=1,
        level="automatic",
        most_copies=100,
        daily_cap=5,
        least_share=0,
        spare_tagged=False,
        from_hour=0,
        to_hour=24,
    )
    for number in range(8):
        id = f"5555555{number}-5555-4555-8555-555555555555"
        row = email_row(id, f"p{number}@corp.example", Subject=f"Other {number}", EmailClusterId=900 + number)
        lake_services.append(
            "EmailEvents", [row | {"SenderIP": f"198.51.100.{number}", "SenderFromDomain": f"d{number}.example"}]
        )
        begun(id)
    done = list(Recommendation.objects.filter(automatic=True))
    assert sum(int(one.wish.get("copies", 0)) for one in done) <= 5


def test_a_flood_of_alerts_waits_at_its_cursor_while_many_investigations_wait_in_line(queued, monkeypatch):
    monkeypatch.setattr(triggers, "MOST_QUEUED", 3)
    for number in range(45):
        id = f"666666{number:02}-6666-4666-8666-666666666666"
        raise_alert("reported-phish", mail(id), key=f"k{number}")
    for _ in range(5):
        read()
    waiting = Investigation.objects.filter(status=Status.QUEUED.value)
    assert 3 <= waiting.count() <= 3 + triggers.ROWS_AN_ALERT
    for _ in range(3):
        waiting.update(status=Status.NO_THREATS.value)
        read()
    assert Investigation.objects.count() == 45


def test_a_null_character_in_a_reason_is_kept_by_no_database(phish, queued, as_ada):
    as_ada.post("/investigations/start", {"message": phish, "reason": "be\x00cause"})
    found = Investigation.objects.get()
    assert found.reason == "because"
    as_ada.post(f"{found.href}/stop", {"reason": "no\x00w"})
    found.refresh_from_db()
    assert (found.status, found.why) == (Status.STOPPED.value, "now")
