"""Global search: what is found, for whom, and where it leads."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.incidents.models import Incident
from watchfloor.lake.services import append
from watchfloor.portal.finding import find
from watchfloor.portal.recognising import recognise

NOW = datetime.now(UTC)
ID = "9f1c2a52-5e1b-4a0c-8a7e-0d3f5c9b1a77"
EVERYTHING = Actor("person:1", "Ada", frozenset(Permission))
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mails(db):
    row = {
        "Timestamp": NOW - timedelta(hours=2),
        "NetworkMessageId": ID,
        "InternetMessageId": "<m1@vendor.example>",
        "Subject": "Your <b>invoice</b> 4711",
        "SenderFromAddress": "billing@vendor.example",
        "SenderFromDomain": "vendor.example",
        "SenderIP": "192.0.2.7",
        "RecipientEmailAddress": "ada@corp.example",
        "ReportId": "r1",
    }
    append("EmailEvents", [row])
    append(
        "EmailUrlInfo",
        [
            {
                "Timestamp": row["Timestamp"],
                "NetworkMessageId": ID,
                "Url": "https://login.evil.example/a",
                "UrlDomain": "login.evil.example",
                "ReportId": "u1",
            }
        ],
    )
    append(
        "EmailAttachmentInfo",
        [
            {
                "Timestamp": row["Timestamp"],
                "NetworkMessageId": ID,
                "SHA256": "ab" * 32,
                "FileName": "invoice.exe",
                "RecipientEmailAddress": "ada@corp.example",
                "ReportId": "f1",
            }
        ],
    )


def titles(text, *, actor=EVERYTHING):
    return [group.title for group in find(recognise(text), actor=actor, now=NOW)]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("<m1@vendor.example>", "Mail with this Message-ID"),
        ("m1@vendor.example", "Mail with this Message-ID"),
        ("ADA@corp.example", "Mail to"),
        ("billing@vendor.example", "Mail from"),
        ("hxxps://login.evil[.]example/a", "Mail with this URL"),
        ("login.evil.example", "Mail with links to this domain"),
        ("vendor.example", "Mail from this domain"),
        ("AB" * 32, "Mail with this attachment"),
        ("192.0.2.7", "Mail from this address"),
        ("invoice</b> 4711", "Mail by subject"),
    ],
)
def test_a_mail_is_found_by_what_analysts_have_in_hand(text, title):
    assert titles(text) == [title]


def test_an_incident_is_found_by_its_number():
    times = dict.fromkeys(("first_activity", "last_activity", "created_at", "updated_at"), NOW)
    number = Incident.objects.create(name="Credential phish", severity="high", **times).pk
    group = find(recognise(f"#{number}"), actor=EVERYTHING, now=NOW)[0]
    assert group.title == "Incidents"
    assert group.hits[0].href == f"/incidents/{number}"


def test_nobody_finds_what_they_may_not_see():
    assert titles("ada@corp.example", actor=Actor("person:2", "Eve", frozenset({Permission.HOME_READ}))) == []


def test_a_hit_leads_to_the_mail_of_its_recipient():
    hit = find(recognise("192.0.2.7"), actor=EVERYTHING, now=NOW)[0].hits[0]
    assert hit.href == f"/email/{ID}?recipient=ada%40corp.example"


def test_many_hits_are_counted_and_lead_on_to_explorer(as_ada):
    append(
        "EmailEvents",
        [
            {
                "Timestamp": NOW - timedelta(minutes=number),
                "NetworkMessageId": f"00000000-0000-4000-8000-{number:012}",
                "Subject": f"Offer {number}",
                "SenderFromAddress": "x@y.example",
                "RecipientEmailAddress": "max@corp.example",
                "ReportId": f"m{number}",
            }
            for number in range(9)
        ],
    )
    group = find(recognise("max@corp.example"), actor=EVERYTHING, now=NOW)[0]
    assert (group.total, len(group.hits)) == (9, 6)
    assert as_ada.get(group.href).status_code == 200
    assert "9, the newest 6 here" in as_ada.get("/search?q=max@corp.example").content.decode()


def test_the_only_exact_match_is_opened_at_once(as_ada):
    answer = as_ada.get("/search", {"q": "<m1@vendor.example>"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/email/{ID}")
    assert as_ada.get("/search", {"q": "<m1@vendor.example>", "stay": "1"}).status_code == 200


def test_an_address_lists_its_mails_rather_than_opening_one(as_ada):
    page = as_ada.get("/search", {"q": "ada@corp.example"})
    assert page.status_code == 200
    assert "Your &lt;b&gt;invoice&lt;/b&gt; 4711" in page.content.decode()
    assert "read as address or Message-ID or text" in page.content.decode()


def test_the_text_stays_in_the_search_field_and_stays_text(as_ada):
    page = as_ada.get("/search", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page
    assert "Nothing found" in page
    assert 'value="&quot;&gt;&lt;script&gt;' in page


def test_an_empty_search_says_what_can_be_searched(as_ada):
    assert "What are you looking for?" in as_ada.get("/search").content.decode()


def test_eve_cannot_search(as_eve):
    assert as_eve.get("/search", {"q": "x"}).status_code == 403
