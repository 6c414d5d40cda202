"""Accepted mail becomes rows exactly once, whichever doors it came through."""

from concurrent.futures import Future
from datetime import timedelta

import pytest

from watchfloor.connectors.models import DeadLetter
from watchfloor.connectors.selectors import tenant_facts
from watchfloor.connectors.services import accept
from watchfloor.inspection.contracts import Inspection
from watchfloor.inspection.services import inspect
from watchfloor.lake import selectors
from watchfloor.lake.contracts import Operator
from watchfloor.lake.ingest import READER, ingest_pending
from watchfloor.lake.models import Email, HotBatch
from watchfloor.runtime.selectors import cursor_position

from .conftest import NOON, asked

EVERYTHING = 10_000


class AtOnce:
    """Inspects in this process; `broken` makes a mail whose text contains it kill its worker."""

    def __init__(self, broken: bytes = b"\0never"):
        self.broken = broken

    def submit(self, raw, envelope, now):
        future = Future()
        if self.broken in raw:
            future.set_result(
                Inspection(sha256="f" * 64, size=len(raw), fingerprint="f" * 64, unparsable="its worker died")
            )
        else:
            future.set_result(inspect(raw, envelope=envelope, facts=tenant_facts(), now=now))
        return future


def raw_of(
    number=1, *, body="See http://evil.example/a and https://corp.example/b", subject=None, to="ann@corp.example"
):
    return (
        f"From: Mallory <mallory@evil.example>\r\nTo: {to}\r\nSubject: {subject or f'Offer {number}'}\r\n"
        f"Message-ID: <{number}@evil.example>\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\n\r\n{body}\r\n"
    ).encode()


def take(raw, *recipients, at=NOON, **more):
    return accept(
        raw, source="journal", received_at=at, mail_from="mallory@evil.example", recipients=recipients, **more
    )


def ingest(pool=None):
    return ingest_pending(pool or AtOnce(), EVERYTHING, NOON)


def events():
    return sorted(selectors.rows(asked(), limit=1000), key=lambda row: row["RecipientEmailAddress"])


def test_a_mail_becomes_one_row_per_recipient_of_one_email(lake):
    take(raw_of(), "ann@corp.example", "BOB@corp.example")
    assert ingest() == 1
    ann, bob = events()
    assert (ann["RecipientEmailAddress"], bob["RecipientEmailAddress"]) == ("ann@corp.example", "bob@corp.example")
    assert ann["NetworkMessageId"] == bob["NetworkMessageId"]
    assert ann["ReportId"] != bob["ReportId"]
    assert ann["Timestamp"] == NOON
    assert ann["SenderFromDomain"] == "evil.example"
    assert ann["RecipientDomain"] == "corp.example"
    assert ann["Subject"] == "Offer 1"
    assert ann["UrlCount"] == 2


def test_urls_carry_what_their_mail_says(lake):
    take(raw_of(), "ann@corp.example", "bob@corp.example")
    ingest()
    rows = selectors.rows(asked(table="EmailUrlInfo"))
    assert len(rows) == 4
    (row, *_) = [row for row in rows if row["UrlDomain"] == "evil.example"]
    assert (row["UrlPath"], row["UrlDomainPath"]) == ("/a", "evil.example/a")
    assert row["SenderFromDomain"] == "evil.example"
    assert {row["RecipientEmailAddress"] for row in rows} == {"ann@corp.example", "bob@corp.example"}
    assert {row["ReportId"] for row in rows} == {row["ReportId"] for row in events()}


def test_the_same_mail_through_two_doors_is_one_email(lake):
    take(raw_of(), "ann@corp.example")
    ingest()
    take(b"Received: from a by b; Sat, 21 Nov 2026 12:00:01 +0000\r\n" + raw_of(), "ann@corp.example")
    take(raw_of(), "carl@corp.example", at=NOON + timedelta(minutes=5))
    assert ingest() == 2
    rows = events()
    assert [row["RecipientEmailAddress"] for row in rows] == ["ann@corp.example", "carl@corp.example"]
    assert len({row["NetworkMessageId"] for row in rows}) == 1
    assert Email.objects.get().recipients.count() == 2


def test_copies_in_one_batch_are_one_email_too(lake):
    for recipient in ("ann@corp.example", "ann@corp.example", "bob@corp.example"):
        take(raw_of(), recipient)
    assert ingest() == 3
    assert len(events()) == 2
    assert Email.objects.count() == 1
    assert HotBatch.objects.filter(table="EmailEvents").count() == 1


def test_running_again_stores_nothing_again(lake):
    take(raw_of(), "ann@corp.example")
    assert ingest() == 1
    assert ingest() == 0
    assert len(events()) == 1


@pytest.mark.parametrize(
    ("more", "action", "location"),
    [
        ({"folder": "Junk folder"}, "Junked", "Junk folder"),
        ({"folder": "Inbox/folder"}, "Delivered", "Inbox/folder"),
        ({"folder": "Deleted items folder"}, "Junked", "Deleted items folder"),
        ({"facts": {"disposition": "quarantine"}}, "Blocked", "Quarantine"),
        ({"facts": {"disposition": "reject"}}, "Blocked", "Dropped"),
        ({"facts": {"disposition": "accept"}}, "Delivered", "Inbox/folder"),
        ({"client_ip": "203.0.113.7"}, "Delivered", "Inbox/folder"),
        ({}, "Delivered", "Unknown"),
    ],
)
def test_where_a_mail_was_delivered_follows_from_how_it_came(lake, more, action, location):
    take(raw_of(), "ann@corp.example", **more)
    ingest()
    (row,) = events()
    assert (row["DeliveryAction"], row["DeliveryLocation"], row["LatestDeliveryLocation"]) == (
        action,
        location,
        location,
    )


def test_finding_a_copy_in_a_mailbox_answers_an_unknown_location(lake):
    take(raw_of(), "ann@corp.example")
    ingest()
    take(raw_of(), "ann@corp.example", folder="Junk folder", at=NOON + timedelta(minutes=1))
    ingest()
    (row,) = events()
    assert (row["DeliveryLocation"], row["LatestDeliveryLocation"]) == ("Unknown", "Junk folder")
    take(raw_of(), "ann@corp.example", folder="Inbox/folder", at=NOON + timedelta(minutes=2))
    ingest()
    assert events()[0]["LatestDeliveryLocation"] == "Junk folder"


def test_a_mail_nobody_can_parse_is_still_a_row_that_says_so(lake):
    take(raw_of(body="BOMB"), "ann@corp.example")
    ingest(AtOnce(broken=b"BOMB"))
    (row,) = events()
    assert "its worker died" in row["AdditionalFields"]
    assert row["RecipientEmailAddress"] == "ann@corp.example"


def test_a_mail_whose_bytes_are_gone_is_a_dead_letter_and_the_next_is_stored(lake):
    lost = take(raw_of(1), "ann@corp.example")
    take(raw_of(2), "ann@corp.example")
    (path,) = (lake / "mail").rglob(f"{lost.sha256}*")
    path.unlink()
    assert ingest() == 2
    assert [row["Subject"] for row in events()] == ["Offer 2"]
    assert DeadLetter.objects.get().sha256 == lost.sha256


def test_a_broken_pool_loses_nothing(lake):
    class Broken:
        def submit(self, raw, envelope, now):
            future = Future()
            future.set_exception(RuntimeError("no workers"))
            return future

    take(raw_of(), "ann@corp.example")
    with pytest.raises(RuntimeError):
        ingest(Broken())
    assert cursor_position(READER) == 0
    assert ingest() == 1


def test_the_register_gives_the_whole_email(lake):
    take(raw_of(), "ann@corp.example", "bob@corp.example")
    ingest()
    known = selectors.email(events()[0]["NetworkMessageId"].upper())
    assert len(known.rows) == 2
    assert sorted(url["UrlDomain"] for url in known.urls) == ["corp.example", "evil.example"]
    assert known.events == ()
    assert known.received_at == NOON
    said = selectors.inspection_of(known.network_message_id)
    assert said["subject"] == "Offer 1"
    assert ["Subject", "Offer 1"] in [[header["name"], header["value"]] for header in said["headers"]]
    assert "text" not in said
    assert selectors.email("no-such-id") is None


def test_a_hostile_mail_with_very_many_recipients_and_urls_stays_small(lake):
    urls = " ".join(f"http://e{n}.example/" for n in range(60))
    take(raw_of(body=urls), *(f"p{n}@corp.example" for n in range(500)))
    ingest()
    assert selectors.count(asked()) == 500
    assert selectors.count(asked(table="EmailUrlInfo")) <= 60
    one = asked(("EmailUrlInfo.UrlDomain", Operator.EQUAL_ANY, ("e7.example",)))
    assert selectors.count(one) == 500


def test_progress_is_heard_after_each_batch(lake):
    for number in range(205):
        take(raw_of(number), "ann@corp.example")
    heard = []
    assert ingest_pending(AtOnce(), EVERYTHING, NOON, progress=heard.append) == 205
    assert heard[-1] == 205
    assert ingest_pending(AtOnce(), EVERYTHING, NOON) == 0


def test_a_limit_is_kept(lake):
    for number in range(5):
        take(raw_of(number), "ann@corp.example")
    assert ingest_pending(AtOnce(), 3, NOON) == 3
    assert ingest_pending(AtOnce(), 3, NOON) == 2
