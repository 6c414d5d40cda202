"""A mail server whose line breaks after the last byte: nobody knows whether it has the mail."""

import socketserver
import threading
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.connections import add_connection
from watchfloor.connectors.services import accept, mark_released
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
    only = 10_000
    conversations = 0

    def handle(self) -> None:
        type(self).conversations += 1
        self.wfile.write(b"220 rude.example\r\n")
        while line := self.rfile.readline():
            if line.startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                type(self).kept.append(text)
                if not type(self).polite or len(type(self).kept) == type(self).only:
                    return
            elif line.startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 fine\r\n")


@pytest.fixture
def rude():
    Rude.kept, Rude.polite, Rude.only, Rude.conversations = [], False, 10_000, 0
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Rude) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(5)


@pytest.fixture
def held(db, rude) -> QuarantinedCopy:
    hold(rude, [ANN])
    return QuarantinedCopy.objects.get()


def hold(port: int, people: list[str]) -> None:
    """One mail held for these people, and the server that is to have it."""
    settings = {"host": "127.0.0.1", "port": str(port), "protocol": "smtp", "security": "none"}
    add_connection(by=BOSS, name="release", kind="mail_release", settings=settings)
    row = {"Timestamp": NOW, "NetworkMessageId": NMID, "LatestDeliveryLocation": "Quarantine", "Subject": "Minutes"}
    row |= {"InternetMessageId": "<m@x>", "ReportId": "r"}
    append("EmailEvents", [{**row, "RecipientEmailAddress": one} for one in people])
    said = {"reason": "Spam", "subject": "Minutes", "message_id": "<m@x>"}
    raw = b"Message-ID: <m@x>\r\nSubject: Minutes\r\n\r\nOne.\r\n"
    accept(raw, source="mx", received_at=NOW, recipients=people, facts={"held": people, "quarantine": said})
    hold_pending(now=NOW + timedelta(hours=1))
    QuarantinedMail.objects.update(network_message_id=NMID)


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


PEOPLE = [f"p{number}@corp.example" for number in range(8)]


def marks() -> list[str]:
    """The release marks of what the server took: one of its own for each recipient."""
    return [text.split(b"\r\n", 1)[0].decode() for text in Rude.kept]


def test_many_are_handed_over_through_one_conversation_once_each(db, rude):
    Rude.polite = True
    hold(rude, PEOPLE)
    made = run(services.release(by=BOSS, copies=list(QuarantinedCopy.objects.values_list("pk", flat=True)), at=NOW))
    assert (made.moved, made.failed, Rude.conversations) == (8, 0, 1)
    assert len(set(marks())) == 8
    assert set(QuarantinedCopy.objects.values_list("status", flat=True)) == {CopyStatus.RELEASED.value}


def test_a_line_that_breaks_among_many_leaves_one_in_doubt_and_the_others_go_on(db, rude):
    Rude.polite, Rude.only = True, 3
    hold(rude, PEOPLE)
    made = run(services.release(by=BOSS, copies=list(QuarantinedCopy.objects.values_list("pk", flat=True)), at=NOW))
    assert (made.moved, made.failed, Rude.conversations) == (7, 1, 2)
    assert len(set(marks())) == len(marks()) == 8
    assert [row.state for row in ReleaseHandover.objects.exclude(state=handing.ACCEPTED)] == [handing.UNSURE]


def test_a_process_killed_among_many_does_the_rest_and_none_again(db, rude, monkeypatch):
    Rude.polite = True
    hold(rude, PEOPLE)
    made = services.release(by=BOSS, copies=list(QuarantinedCopy.objects.values_list("pk", flat=True)), at=NOW)
    made = begin(made.pk, now=NOW)
    freeze(made, now=NOW)

    class Killed(BaseException):
        pass

    def kill_at_the_fourth(raw: bytes, **arguments):
        if ReleaseHandover.objects.count() == 4:
            raise Killed
        return mark_released(raw, **arguments)

    monkeypatch.setattr(handing, "mark_released", kill_at_the_fourth)
    with pytest.raises(Killed):
        release_batch(made, clock=lambda: NOW)
    monkeypatch.undo()
    while release_batch(made, clock=lambda: NOW):
        pass
    assert finish(made.pk, now=NOW).moved == 8
    assert len(set(marks())) == len(marks()) == 8
