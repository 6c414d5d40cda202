"""A mail server whose line breaks after the last byte: nobody knows whether it has the mail."""

import socketserver
import threading
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.connections import add_connection
from watchfloor.connectors.services import accept
from watchfloor.lake.services import append
from watchfloor.response.freezing import freeze
from watchfloor.response.models import LedgerLine
from watchfloor.response.progress import begin, finish
from watchfloor.response.quarantine import handing, services
from watchfloor.response.quarantine.contracts import CopyStatus
from watchfloor.response.quarantine.holding import hold_pending
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail, ReleaseHandover
from watchfloor.response.quarantine.releasing import release_batch

ANN = "ann@corp.example"
NMID = "77777777-7777-4777-8777-777777777777"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOSS = Actor("person:1", "Max", frozenset(Permission))


class Rude(socketserver.StreamRequestHandler):
    """Speaks SMTP up to the final dot, keeps the mail and hangs up; once `polite` it answers."""

    kept: list[bytes]
    polite = False

    def handle(self) -> None:
        self.wfile.write(b"220 rude.example\r\n")
        while line := self.rfile.readline():
            if line.startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                type(self).kept.append(text)
                if not type(self).polite:
                    return
            elif line.startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 fine\r\n")


@pytest.fixture
def rude():
    Rude.kept, Rude.polite = [], False
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Rude) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(5)


@pytest.fixture
def held(db, rude) -> QuarantinedCopy:
    settings = {"host": "127.0.0.1", "port": str(rude), "protocol": "smtp", "security": "none"}
    add_connection(by=BOSS, name="release", kind="mail_release", settings=settings)
    row = {"Timestamp": NOW, "NetworkMessageId": NMID, "LatestDeliveryLocation": "Quarantine", "Subject": "Minutes"}
    append("EmailEvents", [{**row, "InternetMessageId": "<m@x>", "RecipientEmailAddress": ANN, "ReportId": "r"}])
    said = {"reason": "Spam", "subject": "Minutes", "message_id": "<m@x>"}
    raw = b"Message-ID: <m@x>\r\nSubject: Minutes\r\n\r\nOne.\r\n"
    accept(raw, source="mx", received_at=NOW, recipients=[ANN], facts={"held": [ANN], "quarantine": said})
    hold_pending(now=NOW + timedelta(hours=1))
    QuarantinedMail.objects.update(network_message_id=NMID)
    return QuarantinedCopy.objects.get()


def run(made):
    made = begin(made.pk, now=NOW)
    freeze(made, now=NOW)
    while release_batch(made, clock=lambda: NOW):
        pass
    return finish(made.pk, now=NOW)


def test_it_is_left_to_a_person_and_not_handed_over_again_by_itself(held):
    made = run(services.release(by=BOSS, copies=[held.pk], at=NOW))
    assert (made.moved, made.failed) == (0, 1)
    assert LedgerLine.objects.get().why == f"{ANN}: {handing.NOBODY_KNOWS}"
    assert ReleaseHandover.objects.get().state == handing.UNSURE
    held.refresh_from_db()
    assert held.status == CopyStatus.NEEDS_REVIEW
    assert release_batch(made, clock=lambda: NOW) == 0
    assert len(Rude.kept) == 1


def test_a_persons_retry_hands_it_over_again(held):
    from watchfloor.response.services import retry

    made = run(services.release(by=BOSS, copies=[held.pk], at=NOW))
    Rude.polite = True
    done = run(retry(by=BOSS, remediation_id=made.pk))
    assert (done.moved, done.failed) == (1, 0)
    handover = ReleaseHandover.objects.get()
    assert (handover.state, handover.attempts) == (handing.ACCEPTED, 2)
    assert len(Rude.kept) == 2
    held.refresh_from_db()
    assert (held.status, held.released_to) == (CopyStatus.RELEASED, [ANN])
