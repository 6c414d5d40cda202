"""A phish in the lake, aimed at people of corp.example, and the queue asked without a worker."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from labs.dovecot import Dovecot
from watchfloor.access.selectors import actor_of
from watchfloor.connectors.systems.dovecot import SYSTEM
from watchfloor.lake import services as lake
from watchfloor.response.contracts import Row, Targets
from watchfloor.response.engine import work_batch
from watchfloor.response.models import Remediation
from watchfloor.response.progress import begin, finish

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"
CLEAN = "22222222-2222-4222-8222-222222222222"


def email_row(message: str, recipient: str, **facts):
    """One row of EmailEvents."""
    location = facts.get("DeliveryLocation", "Inbox/folder")
    return {
        "LatestDeliveryLocation": location,
        "Timestamp": NOW,
        "NetworkMessageId": message,
        "InternetMessageId": f"<{message}@elsewhere.example>",
        "SenderFromAddress": "it-support@elsewhere.example",
        "RecipientEmailAddress": recipient,
        "Subject": "Your password ends today",
        "EmailDirection": "Inbound",
        "DeliveryAction": "Delivered",
        "DeliveryLocation": "Inbox/folder",
        "ThreatTypes": ["Phish"],
        "ReportId": f"{message}-{recipient}",
        **facts,
    }


@pytest.fixture
def mails(db):
    """The phish in three mailboxes (one already in Junk), outside once; a clean mail beside it."""
    lake.append(
        "EmailEvents",
        [
            email_row(PHISH, "ann@corp.example"),
            email_row(PHISH, "bob@corp.example"),
            email_row(PHISH, "cat@corp.example", DeliveryLocation="Junk folder"),
            email_row(PHISH, "dan@partner.example", DeliveryLocation="On-prem/external"),
            email_row(CLEAN, "ann@corp.example", Subject="Lunch", ThreatTypes=[], SenderFromAddress="bob@corp.example"),
        ],
    )


@pytest.fixture
def analyst(ada):
    """Ada as an actor: Search and Purge."""
    return actor_of(ada)


@pytest.fixture
def proposer(db):
    """An operator without Search and Purge: may propose, not act."""
    from watchfloor.access.contracts import Actor, Permission

    rights = {Permission.EMAIL_ACTION_PROPOSE, Permission.EMAIL_METADATA_READ, Permission.ACTION_CENTER_READ}
    return Actor("person:900", "Olga Operator", frozenset(rights))


PEOPLE = ("ann@corp.example", "bob@corp.example", "cat@corp.example", "dan@corp.example")


def raw_of(message: str, *, subject: str = "Your password ends today") -> bytes:
    """The mail itself, as it lies in mailboxes."""
    return (
        f"Message-ID: <{message}@elsewhere.example>\r\nFrom: it-support@elsewhere.example\r\n"
        f"To: undisclosed@corp.example\r\nSubject: {subject}\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\n\r\nHurry.\r\n"
    ).encode()


@pytest.fixture(scope="session")
def dovecot():
    """A real Dovecot with four people; `Recoverable` is hidden from them."""
    with Dovecot(users=PEOPLE) as server:
        yield server


def _open(server: Dovecot, **more: str):
    settings = {
        "host": "127.0.0.1",
        "port": str(server.imap_port),
        "security": "none",
        "master_user": server.master,
        "master_password": server.master_password,
        "workers": "4",
        **more,
    }
    return SYSTEM.actions(settings)


@pytest.fixture
def mailboxes(dovecot):
    """The product's own connector to that server; every mailbox emptied and given the phish and a clean mail."""
    for person in PEOPLE:
        empty(dovecot, person)
    dovecot.deliver(raw_of(PHISH), to=PEOPLE)
    dovecot.deliver(raw_of(CLEAN, subject="Lunch"), to=PEOPLE)
    return _open(dovecot)


def empty(server: Dovecot, person: str) -> None:
    with server.admin(person) as box:
        for _, _, name in box.list_folders():
            box.select_folder(name)
            if found := box.search("ALL"):
                box.delete_messages(found)
                box.expunge()


@pytest.fixture
def where(dovecot) -> Callable[..., dict[str, list]]:
    """Looks into a mailbox by IMAP: {folder: [(flags, internal date)]} of the copies of one message."""

    def look(person: str, message: str = PHISH) -> dict[str, list]:
        found = {}
        with dovecot.admin(person) as box:
            for _, _, name in box.list_folders():
                box.select_folder(name, readonly=True)
                uids = box.search(["HEADER", "Message-ID", f"<{message}@elsewhere.example>"])
                for data in box.fetch(uids, ["FLAGS", "INTERNALDATE"]).values() if uids else ():
                    flags = sorted(flag.decode() for flag in data[b"FLAGS"] if flag != b"\\Recent")
                    found.setdefault(name, []).append((flags, data[b"INTERNALDATE"]))
        return found

    return look


@pytest.fixture
def phish_rows(db):
    """The phish and the clean mail in the lake, as those mailboxes hold them."""
    rows = [email_row(PHISH, person) for person in PEOPLE] + [email_row(CLEAN, person) for person in PEOPLE]
    lake.append("EmailEvents", rows)
    return Targets(rows=tuple(Row(PHISH, person) for person in PEOPLE))


@pytest.fixture
def carry_out(monkeypatch):
    """Does what the worker's job does, in the test's own thread; time moves a second with each look at the clock."""
    ticks = iter(range(1, 1_000_000))

    def clock() -> datetime:
        return NOW + timedelta(seconds=next(ticks))

    def run(remediation: Remediation, mailboxes, *, size: int = 3) -> Remediation:
        remediation = begin(remediation.pk, now=clock())
        while work_batch(remediation, mailboxes=mailboxes, clock=clock, size=size):
            pass
        return finish(remediation.pk, now=clock())

    return run
