"""Quarantine out of real mailboxes, and back into them."""

from datetime import timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.connections import add_connection
from watchfloor.connectors.selectors import raw_mail
from watchfloor.kernel.errors import Conflict
from watchfloor.lake.contracts import Query
from watchfloor.lake.selectors import rows
from watchfloor.response import services as response
from watchfloor.response.contracts import LineStatus, RemediationStatus
from watchfloor.response.freezing import freeze
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.progress import begin, finish
from watchfloor.response.quarantine import services
from watchfloor.response.quarantine.contracts import CopyStatus, HeldReason
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.releasing import release_batch
from watchfloor.response.tests.conftest import NOW, PEOPLE, PHISH

pytestmark = pytest.mark.lab
ANN, BOB, CAT, DAN = PEOPLE
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def boss(db) -> Actor:
    return Actor("person:77", "Max", frozenset(Permission))


@pytest.fixture
def connected(boss, dovecot, mailboxes):
    """The product's own connection to that server, as jobs find it."""
    settings = {
        "host": "127.0.0.1",
        "port": str(dovecot.imap_port),
        "security": "none",
        "master_user": dovecot.master,
        "master_password": dovecot.master_password,
        "workers": "4",
    }
    add_connection(by=boss, name="mailboxes", kind="dovecot", settings=settings)
    return mailboxes


@pytest.fixture
def quarantined(boss, connected, phish_rows, carry_out) -> Remediation:
    """The phish of four mailboxes, taken out of them."""
    made = response.start(by=boss, name="Take it out", reason="phish", action="quarantine", targets=phish_rows, at=NOW)
    return carry_out(made, connected)


@pytest.fixture
def release_now():
    def run(made: Remediation) -> Remediation:
        made = begin(made.pk, now=LATER)
        freeze(made, now=LATER)
        while release_batch(made, clock=lambda: LATER):
            pass
        return finish(made.pk, now=LATER)

    return run


def copies(*people: str) -> list[int]:
    return list(QuarantinedCopy.objects.filter(recipient__in=people).values_list("pk", flat=True))


def flag(server, person: str, *flags: str) -> None:
    with server.admin(person) as box:
        box.select_folder("INBOX")
        box.add_flags(box.search(["HEADER", "Message-ID", f"<{PHISH}@elsewhere.example>"]), flags)


def events() -> list[tuple[str, str, str]]:
    found = rows(Query("EmailPostDeliveryEvents", NOW - timedelta(days=1), NOW + timedelta(days=2)), limit=100)
    return sorted((row["Action"], row["RecipientEmailAddress"], row["DeliveryLocation"]) for row in found)


def test_it_is_out_of_the_mailbox_and_kept_before_that(quarantined, where):
    assert quarantined.status == RemediationStatus.COMPLETED
    assert (quarantined.moved, quarantined.failed) == (4, 0)
    assert where(ANN) == {}
    mail = QuarantinedMail.objects.get()
    assert (mail.reason, mail.recipients, mail.subject) == (HeldReason.PHISH, 4, "Your password ends today")
    copy = QuarantinedCopy.objects.get(recipient=ANN)
    assert (copy.status, copy.line.status, copy.places[0]["path"]) == (CopyStatus.NEEDS_REVIEW, "moved", "INBOX")
    assert b"Your password ends today" in raw_mail(copy.sha256)
    assert copy.expires_at == mail.held_at + timedelta(days=30)
    assert events() == [("Quarantined", person, "Quarantine") for person in PEOPLE]


def test_it_comes_back_with_folder_flags_and_date_for_whom_it_is_released(
    boss, dovecot, connected, phish_rows, carry_out, release_now, where
):
    flag(dovecot, ANN, "\\Seen", "\\Flagged")
    before = where(ANN)
    carry_out(
        response.start(by=boss, name="Out", reason="", action="quarantine", targets=phish_rows, at=NOW), connected
    )
    made = services.release(by=boss, copies=copies(ANN), reason="harmless", at=LATER)
    done = release_now(made)
    assert (done.status, done.moved, done.total) == (RemediationStatus.COMPLETED, 1, 1)
    assert where(ANN) == before
    assert where(BOB) == {}
    copy = QuarantinedCopy.objects.get(recipient=ANN)
    assert (copy.status, copy.released_by, copy.released_to) == (CopyStatus.RELEASED, "Max", [ANN])
    assert QuarantinedMail.objects.get().status == CopyStatus.NEEDS_REVIEW
    assert ("Quarantine release", ANN, "Inbox/folder") in events()


def test_an_undo_gives_everything_back(boss, quarantined, release_now, where):
    done = release_now(response.undo(by=boss, remediation_id=quarantined.pk, reason="wrong", at=LATER))
    assert (done.action, done.status, done.moved) == ("release", RemediationStatus.COMPLETED, 4)
    assert all(list(where(person)) == ["INBOX"] for person in PEOPLE)
    assert set(QuarantinedCopy.objects.values_list("status", flat=True)) == {CopyStatus.RELEASED}


def test_what_lies_in_the_mailbox_again_gets_no_second_copy(boss, dovecot, quarantined, release_now, where):
    copy = QuarantinedCopy.objects.get(recipient=ANN)
    dovecot.deliver(raw_mail(copy.sha256), to=[ANN])
    done = release_now(services.release(by=boss, copies=[copy.pk], at=LATER))
    assert (done.moved, done.already) == (0, 1)
    assert len(where(ANN)["INBOX"]) == 1
    copy.refresh_from_db()
    assert copy.status == CopyStatus.RELEASED


def test_a_copy_of_which_the_bytes_are_gone_fails_and_stays_listed(boss, quarantined, release_now):
    from watchfloor.connectors.services import forget_raw

    copy = QuarantinedCopy.objects.get(recipient=ANN)
    assert forget_raw(copy.sha256)
    done = release_now(services.release(by=boss, copies=[copy.pk], at=LATER))
    assert done.failed == 1
    assert LedgerLine.objects.get(remediation=done).why == "the raw mail is no longer kept"
    copy.refresh_from_db()
    assert copy.status == CopyStatus.NEEDS_REVIEW


def test_killed_between_noting_and_erasing_it_is_held_once(boss, connected, phish_rows, carry_out, monkeypatch, where):
    made = response.start(by=boss, name="Out", reason="", action="quarantine", targets=phish_rows, at=NOW)
    made = begin(made.pk, now=NOW)
    freeze(made, now=NOW)
    real = type(connected).erase

    def die(self, targets):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(connected), "erase", die)
    from watchfloor.response.engine import work_batch

    with pytest.raises(KeyboardInterrupt):
        work_batch(made, mailboxes=connected, clock=lambda: NOW)
    assert not QuarantinedCopy.objects.exists()
    assert list(where(ANN)) == ["INBOX"]
    noted = LedgerLine.objects.get(remediation=made, recipient=ANN).before
    assert raw_mail(noted[0]["kept"])
    monkeypatch.setattr(type(connected), "erase", real)
    assert carry_out(made, connected).moved == 4
    assert QuarantinedCopy.objects.count() == 4


def test_killed_after_erasing_it_is_held_all_the_same(boss, connected, phish_rows, carry_out, monkeypatch, where):
    from watchfloor.response.engine import Ledger, work_batch

    made = response.start(by=boss, name="Out", reason="", action="quarantine", targets=phish_rows, at=NOW)
    made = begin(made.pk, now=NOW)
    freeze(made, now=NOW)

    def die(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "write", die)
        with pytest.raises(KeyboardInterrupt):
            work_batch(made, mailboxes=connected, clock=lambda: NOW)
    assert where(ANN) == {}
    assert not QuarantinedCopy.objects.exists()
    done = carry_out(made, connected)
    assert (done.moved, done.missing) == (4, 0)
    assert {len(copy.places) for copy in QuarantinedCopy.objects.all()} == {1}
    assert LineStatus.MOVED in set(LedgerLine.objects.values_list("status", flat=True))


def test_while_it_is_being_released_nobody_releases_or_deletes_it(boss, quarantined):
    services.release(by=boss, copies=copies(ANN), at=LATER)
    with pytest.raises(Conflict, match="being released"):
        services.release(by=boss, copies=copies(ANN), at=LATER)
    with pytest.raises(Conflict, match="being released"):
        services.delete(by=boss, copies=copies(ANN), at=LATER)


def test_a_mail_of_two_folders_goes_back_to_both(boss, dovecot, connected, phish_rows, carry_out, release_now, where):
    with dovecot.admin(ANN) as box:
        if not box.folder_exists("Projects"):
            box.create_folder("Projects")
        box.select_folder("INBOX")
        box.copy(box.search(["HEADER", "Message-ID", f"<{PHISH}@elsewhere.example>"]), "Projects")
    carry_out(
        response.start(by=boss, name="Out", reason="", action="quarantine", targets=phish_rows, at=NOW), connected
    )
    assert where(ANN) == {}
    assert release_now(services.release(by=boss, copies=copies(ANN), at=LATER)).moved == 1
    assert sorted(where(ANN)) == ["INBOX", "Projects"]


class Between:
    """The mailboxes, with something that happens once between reading and erasing."""

    def __init__(self, real, happens):
        self.real, self.happens = real, happens

    def __getattr__(self, name):
        return getattr(self.real, name)

    def erase(self, targets):
        happens, self.happens = self.happens, lambda: None
        happens()
        return self.real.erase(targets)


def test_what_was_not_read_is_not_erased_though_it_bears_the_same_name(boss, connected, phish_rows, carry_out, dovecot):
    """Between reading and erasing the mail is gone, and another of its Message-ID has come."""

    def another_comes():
        with dovecot.admin(ANN) as box:
            box.select_folder("INBOX")
            box.delete_messages(box.search(["HEADER", "Message-ID", f"<{PHISH}@elsewhere.example>"]))
            box.expunge()
        raw = f"Subject: Another\r\nMessage-ID: <{PHISH}@elsewhere.example>\r\n\r\nNobody has read this.\r\n"
        dovecot.deliver(raw.encode(), to=[ANN])

    made = response.start(by=boss, name="Take it out", reason="phish", action="quarantine", targets=phish_rows, at=NOW)
    carry_out(made, Between(connected, another_comes))
    with dovecot.admin(ANN) as box:
        box.select_folder("INBOX", readonly=True)
        assert box.search(["SUBJECT", "Another"])
    line = LedgerLine.objects.get(remediation=made, recipient=ANN)
    assert line.status == LineStatus.FAILED, line.why
