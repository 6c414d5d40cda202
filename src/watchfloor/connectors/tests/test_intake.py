"""Mail is durable before anybody says so, and is read in the order it came."""

from datetime import UTC, datetime

import pytest

from watchfloor.connectors import intake, store
from watchfloor.connectors.contracts import NewMail
from watchfloor.connectors.models import Accepted, DeadLetter
from watchfloor.connectors.selectors import accepted_after, raw_mail, tenant_facts
from watchfloor.connectors.services import accept, accept_many, bury, bury_unread
from watchfloor.kernel.errors import NotFound

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RAW = b"From: a@b.example\r\nSubject: Hello\r\n\r\nbody \xff\x00\r\n"

pytestmark = pytest.mark.django_db


def new(number: int) -> NewMail:
    return NewMail(raw=b"Subject: %d\r\n\r\nx" % number, source="test", received_at=NOON)


def test_an_accepted_mail_comes_back_with_its_envelope_and_its_exact_bytes():
    mail = accept(
        RAW,
        source="mx",
        received_at=NOON,
        mail_from="A@B.example",
        recipients=["Ada@Corp.example", "max@corp.example"],
        client_ip="192.0.2.7",
        helo="b.example",
        queue_id="4F1",
        facts={"journal": True},
    )
    (read,) = accepted_after(mail.position - 1, limit=10)
    assert read == mail
    assert (read.mail_from, read.recipients) == ("a@b.example", ("ada@corp.example", "max@corp.example"))
    assert (read.client_ip, read.helo, read.queue_id, read.facts) == (
        "192.0.2.7",
        "b.example",
        "4F1",
        {"journal": True},
    )
    assert raw_mail(mail.sha256) == RAW


def test_positions_grow_and_a_reader_sees_only_what_is_new():
    mails = accept_many([new(number) for number in range(30)])
    positions = [mail.position for mail in mails]
    assert positions == sorted(set(positions))
    assert [mail.position for mail in accepted_after(positions[9], limit=5)] == positions[10:15]


def test_the_same_bytes_twice_are_two_rows_and_one_file():
    first, second = accept_many([new(1), new(1)])
    assert first.sha256 == second.sha256
    assert first.position != second.position
    folder = store.path_of(intake.raw_root(), first.sha256).parent
    assert len([path for path in folder.iterdir() if first.sha256[:16] in path.name]) == 1


def test_a_readers_cursor_moves_in_the_same_transaction_or_not_at_all():
    def refuse() -> None:
        raise RuntimeError("cursor")

    with pytest.raises(RuntimeError):
        accept_many([new(1), new(2)], alongside=refuse)
    assert not Accepted.objects.exists()


def test_a_full_disk_leaves_no_row_and_no_half_file(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        accept(b"Subject: never\r\n\r\n", source="test", received_at=NOON)
    assert not Accepted.objects.exists()
    assert not list(store.path_of(intake.raw_root(), store.sha256_of(b"Subject: never\r\n\r\n")).parent.glob(".*"))


def test_without_syncfs_many_are_kept_one_by_one(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "_syncfs", None)
    raws = [b"%d" % number for number in range(9)]
    assert [store.path_of(tmp_path, name).read_bytes() for name in store.keep(tmp_path, raws)] == raws


def test_hostile_envelopes_are_stored_without_what_a_database_refuses():
    mail = accept(RAW, source="mx", received_at=NOON, mail_from="a\0b@x.example", recipients=["\udcff@x.example"])
    assert (mail.mail_from, mail.recipients) == ("ab@x.example", ("?@x.example",))


def test_a_mail_that_is_gone_says_so():
    with pytest.raises(NotFound, match="no longer kept"):
        raw_mail("0" * 64)


def test_a_buried_mail_is_a_dead_letter_with_its_reason():
    mail = accept(RAW, source="mx", received_at=NOON)
    bury(accepted=mail, reason="the inspection died twice")
    letter = DeadLetter.objects.get()
    assert (letter.accepted_id, letter.sha256, letter.reason) == (
        mail.position,
        mail.sha256,
        "the inspection died twice",
    )


def test_an_unreadable_place_is_one_dead_letter_however_often_it_is_met():
    for _ in range(2):
        bury_unread(source="import", place="/mail/a.mbox:120", reason="larger than 100 MB")
    letter = DeadLetter.objects.get()
    assert (letter.attempts, letter.place) == (2, "/mail/a.mbox:120")


def test_tenant_facts_come_from_the_operators_options():
    facts = tenant_facts()
    assert facts.own_domains == {"corp.example"}
    assert facts.authserv_ids == {"mx.corp.example"}
    assert facts.lookups_allowed is False
