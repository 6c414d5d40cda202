"""From the wire to the mailbox and back: Postfix, our milter, Dovecot, the real worker, a phish to three people."""

import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

import pytest

from labs import answers, free_ports, wait_until
from labs.dovecot import Dovecot
from labs.postfix import Postfix
from tests.stories.homes import Home

PEOPLE = ["ada@corp.example", "bob@corp.example", "cleo@corp.example"]
SENDER = "no-reply@parcel-notice.example"
MESSAGE_ID = "<20261122071533.9C41@mailer7.example>"
FLAGS = {
    "ada@corp.example": [b"\\Flagged", b"\\Seen"],
    "bob@corp.example": [],
    "cleo@corp.example": [b"$Forwarded", b"\\Answered"],
}
HTML = """<html><body><p>Dear user,</p>
<p>your password expires today. To avoid suspension of your account, verify your password within 24 hours.</p>
<p><a href="https://m365-login.web.app/verify?u=ada@corp.example">https://login.microsoft.com/</a></p>
<p>Microsoft 365 Security</p></body></html>"""

pytestmark = pytest.mark.lab


def phish() -> bytes:
    mail = EmailMessage()
    mail["From"] = f'"Microsoft 365 Security" <{SENDER}>'
    mail["Reply-To"] = "desk.support88@gmail.com"
    mail["To"] = ", ".join(PEOPLE)
    mail["Subject"] = "Action required: your password expires today"
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = MESSAGE_ID
    mail.set_content("Your password expires today: https://m365-login.web.app/verify?u=ada@corp.example\n")
    mail.add_alternative(HTML, subtype="html")
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@pytest.fixture
def dovecot():
    with Dovecot(users=PEOPLE) as server:
        yield server


@pytest.fixture
def home(tmp_path):
    with Home(tmp_path / "home") as one:
        yield one


@pytest.fixture
def postfix(dovecot, home):
    """Postfix before Dovecot, shown to our milter: the connection an administrator adds, run by the worker."""
    (port,) = free_ports(1)
    home.ask("connect", name="Mail server", kind="milter", settings={"address": f"127.0.0.1:{port}", "mode": "monitor"})
    with home.worker():
        wait_until(lambda: answers(port), seconds=30, what="the milter's start")
        with Postfix(lmtp_port=dovecot.lmtp_port, milter=f"inet:127.0.0.1:{port}") as server:
            yield server


def settings_of(server: Dovecot) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "port": str(server.imap_port),
        "security": "none",
        "master_user": server.master,
        "master_password": server.master_password,
        "doveadm_url": f"http://127.0.0.1:{server.doveadm_port}/doveadm/v1",
        "doveadm_key": server.api_key,
        "test_mailbox": PEOPLE[0],
    }


def copies(box) -> dict[str, list[tuple[list[bytes], datetime, bytes]]]:
    """Every copy of the mail that this session can see, by folder: its flags, internal date and content."""
    found = {}
    for _, _, name in box.list_folders():
        box.select_folder(name, readonly=True)
        uids = box.search(["HEADER", "Message-ID", MESSAGE_ID])
        if uids:
            seen = box.fetch(uids, ["FLAGS", "INTERNALDATE", "BODY.PEEK[]"])
            found[name] = [
                (sorted(set(one[b"FLAGS"]) - {b"\\Recent"}), one[b"INTERNALDATE"], one[b"BODY[]"])
                for one in seen.values()
            ]
    return found


def as_user(server: Dovecot, person: str):
    with server.login(person) as box:
        return copies(box)


def as_master(server: Dovecot, person: str):
    with server.admin(person) as box:
        return copies(box)


def read_it(server: Dovecot) -> None:
    """Each reader did something else with it, so that each copy has flags of its own."""
    for person, flags in FLAGS.items():
        with server.login(person) as box:
            box.select_folder("INBOX")
            box.set_flags(box.search(["HEADER", "Message-ID", MESSAGE_ID]), flags)


def test_a_phish_comes_in_is_found_out_taken_away_and_put_back(postfix, dovecot, home):
    lines = home.ask("connect", name="Mailboxes", kind="dovecot", settings=settings_of(dovecot))
    assert [words for good, words in lines if not good] == []

    postfix.send(
        phish(), mail_from="bounce@mailer7.example", to=PEOPLE, client_ip="203.0.113.45", helo="mailer7.example"
    )
    sent = time.monotonic()
    wait_until(lambda: all("INBOX" in as_user(dovecot, person) for person in PEOPLE), what="delivery")
    read_it(dovecot)
    before = {person: as_user(dovecot, person) for person in PEOPLE}
    assert {person: one["INBOX"][0][0] for person, one in before.items()} == FLAGS

    # In Explorer within seconds: one row a recipient, one email, judged with reasons.
    wanted = {"InternetMessageId": MESSAGE_ID}
    rows = home.until(lambda: home.ask("rows", table="EmailEvents", where=wanted), seconds=30, what="the lake's rows")
    assert time.monotonic() - sent < 30
    assert sorted(row["RecipientEmailAddress"] for row in rows) == PEOPLE
    assert {(row["SenderMailFromAddress"], row["SenderIPv4"]) for row in rows} == {
        ("bounce@mailer7.example", "203.0.113.45")
    }
    (message,) = {row["NetworkMessageId"] for row in rows}
    assert {row["ThreatTypes"] for row in rows} == {"Phish"}
    assert {row["ConfidenceLevel"] for row in rows} == {'{"Phish":"High"}'}, home.ask("verdict", message=message)[
        "verdict"
    ]
    reasons = " ".join(one["words"] for one in home.ask("verdict", message=message)["verdict"]["reasons"])
    assert "claims Microsoft, but the address is at parcel-notice.example" in reasons
    assert "Link text says login.microsoft.com but goes to m365-login.web.app" in reasons

    # A finding became an alert, the alert an incident.
    (alert,) = home.until(lambda: home.ask("alerts", message=message), seconds=30, what="the alert")
    assert alert["title"] == "Malicious mail delivered"
    assert set(PEOPLE) <= set(alert["impacted"])
    assert (alert["incident"]["status"], alert["incident"]["severity"]) == ("active", "high")

    # Soft delete of the whole query, by the durable job in the worker.
    purge = home.ask(
        "start", action="soft-delete", where={"NetworkMessageId": message}, incident=str(alert["incident_id"])
    )
    told = home.ended(purge)
    assert (told["status"], told["counts"]) == ("Completed", {"moved": 3}), told
    assert sorted(line["recipient"] for line in told["lines"]) == PEOPLE
    assert {(one["status"], one["found_where"], one["moved_where"], one["verified"]) for one in told["lines"]} == {
        ("moved", "INBOX", "Recoverable", True)
    }
    for person in PEOPLE:
        assert as_user(dovecot, person) == {}, "the reader must not see it any more"
        assert as_master(dovecot, person) == {"Recoverable": before[person]["INBOX"]}
    events = home.ask("rows", table="EmailPostDeliveryEvents", where={"NetworkMessageId": message})
    assert sorted(event["RecipientEmailAddress"] for event in events) == PEOPLE
    assert {(event["ActionType"], event["ActionResult"]) for event in events} == {("Manual Remediation", "Success")}
    assert {event["DeliveryLocation"] for event in events} == {"Recoverable items folder"}
    rows = home.ask("rows", table="EmailEvents", where=wanted)
    assert {row["LatestDeliveryLocation"] for row in rows} == {"Recoverable items folder"}

    # Undone: where it was, as it was.
    told = home.ended(home.ask("undo", remediation=purge))
    assert (told["status"], told["counts"]) == ("Completed", {"moved": 3}), told
    assert home.ask("remediation", id=purge)["status"] == "Undone"
    assert {person: as_user(dovecot, person) for person in PEOPLE} == before
    assert {person: as_master(dovecot, person) for person in PEOPLE} == before
    rows = home.ask("rows", table="EmailEvents", where=wanted)
    assert {row["LatestDeliveryLocation"] for row in rows} == {"Inbox/folder"}
    events = home.ask("rows", table="EmailPostDeliveryEvents", where={"NetworkMessageId": message})
    assert len(events) == 6
    finished = home.ask("audit", of="remediation.finish")
    assert [outcome for _, outcome in finished] == ["success", "success"]
