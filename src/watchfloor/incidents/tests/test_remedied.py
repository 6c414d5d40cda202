"""Where evidence lies now: read from the lake, so that an action on mail shows in the incident."""

from datetime import UTC, datetime

import pytest

from watchfloor.incidents.contracts import EvidenceItem
from watchfloor.incidents.remedied import with_locations
from watchfloor.lake.services import append

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def item(value, *, type="analyzedMessage"):
    return EvidenceItem(type, value, "Your mailbox is full", "source", "malicious", NOON, NOON, 1)


def copies(message, *places):
    append(
        "EmailEvents",
        [
            {
                "Timestamp": NOON,
                "NetworkMessageId": message,
                "RecipientEmailAddress": f"p{number}@corp.example",
                "LatestDeliveryLocation": place,
            }
            for number, place in enumerate(places)
        ],
    )


def test_each_mail_says_where_its_copies_lie():
    copies("one", "Inbox/folder", "Inbox/folder")
    copies("two", "Junk folder", "Junk folder", "Inbox/folder")
    found = with_locations([item("one"), item("two"), item("three"), item("two", type="url")])
    assert [one.lies for one in found] == ["Inbox/folder", "2 × Junk folder, 1 × Inbox/folder", "", ""]


def test_a_removed_mail_says_where_it_was_moved_to():
    copies("one", "Inbox/folder")
    append(
        "EmailPostDeliveryEvents",
        [
            {
                "Timestamp": NOON,
                "NetworkMessageId": "one",
                "RecipientEmailAddress": "p0@corp.example",
                "ActionResult": "Success",
                "DeliveryLocation": "Soft deleted",
            }
        ],
    )
    assert with_locations([item("one")])[0].lies == "Soft deleted"


def test_evidence_without_mail_asks_nothing(django_assert_max_num_queries):
    with django_assert_max_num_queries(0):
        assert with_locations([item("x", type="url")])[0].lies == ""
