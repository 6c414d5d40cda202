"""The last things a person did, for the fly-out of a recipient."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.models import DirectoryPerson
from watchfloor.identities.selectors import recent_activity
from watchfloor.lake.services import append

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERYTHING = Actor("ada", "Ada", frozenset(Permission))
NOBODY = Actor("eve", "Eve", frozenset())


@pytest.fixture
def ann():
    return DirectoryPerson.objects.create(address="ann@corp.example", name="Ann", source="test", imported_at=NOW).pk


def sign_in(days, application="Mail", who="ann@corp.example"):
    at = NOW - timedelta(days=days)
    row = {"Timestamp": at, "AccountUpn": who, "Application": application, "IPAddress": "203.0.113.7"}
    append("EntraIdSignInEvents", [row | {"ReportId": f"s{days}"}])


def test_the_newest_activities_come_first_with_address_and_item(ann):
    for days in (1, 2, 3, 4):
        sign_in(days)
    sign_in(0.5, who="max@corp.example")
    found = recent_activity(ann, 3, actor=EVERYTHING, now=NOW)
    assert [one.at for one in found] == [NOW - timedelta(days=days) for days in (1, 2, 3)]
    assert (found[0].ip, found[0].kind, found[0].app) == ("203.0.113.7", "Sign-in", "Mail")


def test_older_ones_are_looked_for_when_this_week_has_too_few(ann):
    sign_in(2)
    sign_in(60)
    sign_in(200)
    assert [one.at for one in recent_activity(ann, actor=EVERYTHING, now=NOW)] == [
        NOW - timedelta(days=2),
        NOW - timedelta(days=60),
    ]


def test_mails_and_what_others_did_are_left_out(ann):
    mail = {"Timestamp": NOW - timedelta(hours=1), "SenderFromAddress": "x@evil.example", "ThreatTypes": "Phish"}
    append(
        "EmailEvents", [mail | {"RecipientEmailAddress": "ann@corp.example", "NetworkMessageId": "m", "ReportId": "m"}]
    )
    done = {"Timestamp": NOW - timedelta(hours=1), "ActionType": "Password reset", "AccountUpn": "max@corp.example"}
    append("IdentityDirectoryEvents", [done | {"TargetAccountUpn": "ann@corp.example", "ReportId": "d"}])
    assert recent_activity(ann, actor=EVERYTHING, now=NOW) == ()


def test_who_may_read_nothing_sees_nothing(ann):
    sign_in(1)
    assert recent_activity(ann, actor=NOBODY, now=NOW) == ()
