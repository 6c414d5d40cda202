"""The mark of released mail, and where it is handed in: a real Dovecot by LMTP."""

import socketserver
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from labs import free_ports
from labs.dovecot import Dovecot
from watchfloor.connectors.connections import add_connection
from watchfloor.connectors.models import Connection
from watchfloor.connectors.registry import systems
from watchfloor.connectors.releasing import HEADER, is_released, marked
from watchfloor.connectors.selectors import connection_lines, release_server
from watchfloor.kernel.errors import NotConfigured, Unreachable

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANN = "ann@corp.example"
RAW = b"From: x@y.example\nMessage-ID: <r1@y.example>\nSubject: Hello\n\nOne.\n.\nTwo.\n"


FIELDS = [(b"From", b" x@y.example"), (b"Message-ID", b" <r1@y.example>"), (b"Subject", b" Hello")]


def mark_of(raw: bytes) -> tuple[str, bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    line = head.split(b"\r\n")[0].decode()
    assert line.startswith(f"{HEADER}: ")
    return line.partition(": ")[2], body


def test_a_mark_holds_for_its_recipient_and_text_for_five_days():
    mark, body = mark_of(marked(RAW, recipient=ANN, now=NOW))
    assert is_released([mark], body, headers=FIELDS, recipients=["Ann@corp.example"], now=NOW + timedelta(days=5))
    assert is_released([mark], body + b"\r\n", headers=FIELDS, recipients=[ANN], now=NOW)
    assert not is_released([mark], body, headers=FIELDS, recipients=[ANN], now=NOW + timedelta(days=5, seconds=1))
    assert not is_released([mark], body, headers=FIELDS, recipients=["bob@corp.example"], now=NOW)
    assert not is_released([mark], body, headers=FIELDS, recipients=[ANN, "bob@corp.example"], now=NOW)
    assert not is_released([mark], b"Other.", headers=FIELDS, recipients=[ANN], now=NOW)
    assert not is_released([mark], body, headers=FIELDS, recipients=[], now=NOW)


@pytest.mark.parametrize("forged", ["", ".", "9999999999.", "9999999999.AAAA", "x.y", "٣.x", "99999999999999.x"])
def test_nobody_makes_a_mark_without_the_key(forged):
    assert not is_released([forged], b"One.", recipients=[ANN], now=NOW)


def test_a_strangers_mark_beside_ours_spoils_nothing():
    mark, body = mark_of(marked(RAW, recipient=ANN, now=NOW))
    assert is_released(["9999999999.AAAA", mark], body, headers=FIELDS, recipients=[ANN], now=NOW)


def test_a_mail_of_many_marks_does_not_hold_the_milter():
    """Each would have the whole text read once more: a hundred thousand of them were hours."""
    body = b"line\r\n" * 200_000
    marks = [f"{9_999_999_999 + n}.AAAA" for n in range(2_000)]
    began = time.process_time()
    assert not is_released(marks, body, recipients=[ANN] * 100, now=NOW)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "other",
    [
        [(b"Subject", b" Pay this")],
        [(b"Content-Type", b" text/html")],
        [(b"Subject", b" Hello"), (b"Subject", b" Pay this")],
        [(b"Subject", b" Hello"), (b"content-transfer-encoding", b" base64")],
    ],
)
def test_a_mark_does_not_hold_for_other_headers_over_the_same_text(other):
    head, _, body = marked(RAW, recipient=ANN, now=NOW).partition(b"\r\n\r\n")
    fields = [(line.partition(b":")[0], line.partition(b":")[2]) for line in head.split(b"\r\n")]
    mark = fields[0][1].decode()
    assert is_released([mark], body, headers=fields, recipients=[ANN], now=NOW)
    assert is_released([mark], body, headers=[(b"Received", b" from here"), *fields], recipients=[ANN], now=NOW)
    names = {name for name, _ in other}
    changed = [one for one in fields if one[0] not in names] + other
    assert not is_released([mark], body, headers=changed, recipients=[ANN], now=NOW)


@pytest.fixture
def dovecot():
    with Dovecot(users=[ANN]) as server:
        yield server


def server_of(port: int, **more: str):
    return systems()["mail_release"].release_server({"host": "127.0.0.1", "port": str(port), **more}, name="release")


@pytest.mark.lab
def test_lmtp_puts_the_mail_into_the_mailbox_and_says_so(dovecot):
    with closing(server_of(dovecot.lmtp_port)) as server:
        assert server.into_mailbox
        said = server.deliver(marked(RAW, recipient=ANN, now=NOW), mail_from="", to=ANN)
    assert (said.accepted, said.unsure) == ((ANN,), False)
    with dovecot.login(ANN) as box:
        box.select_folder("INBOX")
        ((_, data),) = box.fetch(box.search("ALL"), ["BODY[TEXT]"]).items()
        assert data[b"BODY[TEXT]"] == b"One.\r\n.\r\nTwo.\r\n"


@pytest.mark.lab
def test_a_mailbox_that_is_not_there_is_refused_in_the_servers_words(dovecot):
    with closing(server_of(dovecot.lmtp_port)) as server:
        said = server.deliver(RAW, mail_from="x@y.example", to="nobody@corp.example")
    assert said.accepted == ()
    assert "nobody@corp.example" in said.refused
    assert said.refused["nobody@corp.example"].startswith("5")


class Brief(socketserver.StreamRequestHandler):
    """Takes two mails in a conversation and ends it: silently, or with 421 before or after the text."""

    way = "silently"
    conversations = 0
    taken: ClassVar[list[str]] = []

    def handle(self) -> None:
        Brief.conversations += 1
        here = 0
        self.wfile.write(b"220 brief.example\r\n")
        while line := self.rfile.readline():
            line = line[:4].upper() + line[4:]
            if line.startswith(b"MAIL") and here == 2 and Brief.way != "after the text":
                if Brief.way == "before the text":
                    self.wfile.write(b"421 enough\r\n")
                return
            if line.startswith(b"RCPT"):
                to = line.decode()
            if line.startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
                if here == 2:
                    self.wfile.write(b"421 enough\r\n")
                    return
                here += 1
                Brief.taken.append(to.partition("<")[2].partition(">")[0])
            self.wfile.write(b"250 fine\r\n")
            if line.startswith(b"QUIT"):
                return


@pytest.mark.parametrize("way", ["silently", "before the text", "after the text"])
def test_many_mails_share_conversations_and_each_is_handed_over_once_though_the_server_ends_them(way):
    Brief.way, Brief.conversations, Brief.taken = way, 0, []
    people = [f"p{number}@corp.example" for number in range(5)]
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Brief) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        with closing(server_of(listening.server_address[1], protocol="smtp")) as server:
            assert all(server.deliver(RAW, mail_from="", to=one).accepted == (one,) for one in people)
        listening.shutdown()
        thread.join(5)
    assert Brief.taken == people
    assert Brief.conversations == 3


def test_a_server_that_is_not_there_is_unreachable():
    (port,) = free_ports(1)
    with pytest.raises(Unreachable):
        server_of(port).deliver(RAW, mail_from="", to=ANN)
    report = systems()["mail_release"].test({"host": "127.0.0.1", "port": str(port)})
    assert not report.ok


@pytest.mark.lab
def test_the_test_reaches_the_server_and_hands_nothing_over(dovecot):
    report = systems()["mail_release"].test({"host": "127.0.0.1", "port": str(dovecot.lmtp_port)})
    assert report.ok
    assert [words for _, words in report.lines] == [
        f"reached 127.0.0.1:{dovecot.lmtp_port} by LMTP",
        "it takes mail",
    ]


def test_without_such_a_connection_a_release_says_what_to_add(db):
    with pytest.raises(NotConfigured, match="Delivery of released mail"):
        release_server()


def test_the_first_enabled_connection_delivers(max):
    from watchfloor.access.contracts import Actor, Permission
    from watchfloor.access.selectors import actor_of

    boss = Actor(actor_of(max).id, "Max", frozenset(Permission))
    add_connection(by=boss, name="release", kind="mail_release", settings={"host": "127.0.0.1", "port": "24"})
    assert release_server().name == "release"
    (line,) = connection_lines()
    assert line.sentence == "asked when it is to act"
    Connection.objects.update(enabled=False)
    with pytest.raises(NotConfigured):
        release_server()
