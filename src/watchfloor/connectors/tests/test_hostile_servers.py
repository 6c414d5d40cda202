"""A mail server that lies costs its own connection, never our memory, and never what is done in other mailboxes."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from watchfloor.connectors.contracts import Target
from watchfloor.connectors.protocols import doveadm, doveadm_mail, imap_wire
from watchfloor.connectors.protocols.doveadm import Doveadm
from watchfloor.connectors.protocols.doveadm_mail import DoveadmMail
from watchfloor.connectors.protocols.imap_mailboxes import ImapMailboxes
from watchfloor.connectors.protocols.imap_settings import login
from watchfloor.connectors.protocols.imap_wire import Endpoint, Refused, Session, quoted, uids_of
from watchfloor.connectors.protocols.listening import cannot_listen
from watchfloor.connectors.systems.milter.listening import Milter
from watchfloor.kernel.errors import NotConfigured, Unreachable

TARGET = Target("ada@corp.example", "<1@evil.example>")


@contextmanager
def answering(say: Callable[[bytes], bytes]) -> Iterator[Endpoint]:
    """An IMAP server on a free port that greets and answers each line with what `say` makes of it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            try:
                connection.sendall(b"* OK hello\r\n")
                for line in lines:
                    connection.sendall(say(line))
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield Endpoint("127.0.0.1", listener.getsockname()[1], "none", timeout=5)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_literal_of_a_terabyte_is_refused_before_it_is_read():
    with (
        answering(lambda _: b"* 1 FETCH (BODY[] {1099511627776}\r\n") as endpoint,
        Session(endpoint) as session,
        pytest.raises(Unreachable, match="announced 1099511627776 bytes"),
    ):
        session.run(b"NOOP")


def test_an_endless_line_is_cut_off(monkeypatch):
    monkeypatch.setattr(imap_wire, "LONGEST_LINE", 1000)
    with (
        answering(lambda _: b"* " + b"x" * 5000) as endpoint,
        Session(endpoint) as session,
        pytest.raises(Unreachable, match="an endless line"),
    ):
        session.run(b"NOOP")


@pytest.mark.parametrize("text", ["1:4294967295", "1:999999,1:999999", "one", "-1:5", "1:" + "9" * 30, "", "²"])
def test_a_set_of_uids_that_cannot_be_is_refused(text):
    with pytest.raises(Refused):
        uids_of(text)


def test_a_set_of_uids_is_read_in_its_order():
    assert uids_of("3:5,9,8:7") == [3, 4, 5, 9, 8, 7]


@pytest.mark.parametrize("name", ["a\r\nx LOGOUT", 'a" NOOP "', "a\\", "a\0b", "{5}"])
def test_no_name_from_a_mail_ends_its_imap_string(name):
    if any(character in name for character in "\r\n\0"):
        with pytest.raises(ValueError, match="cannot stand"):
            quoted(name)
    else:
        inside = quoted(name)[1:-1].replace(b"\\\\", b"").replace(b'\\"', b"")
        assert b'"' not in inside
        assert b"\\" not in inside


@pytest.mark.parametrize("nonsense", [b"* LIST nonsense\r\n", b"* LIST () (((\r\n", b"* LIST\r\n", b"* LIST 1 2 3\r\n"])
def test_nonsense_from_the_server_is_that_mailboxs_trouble(nonsense):
    def say(line: bytes) -> bytes:
        tag, _, command = line.partition(b" ")
        return (nonsense if command.startswith(b"LIST") else b"") + tag + b" OK done\r\n"

    with answering(say) as endpoint:
        mailboxes = ImapMailboxes(endpoint=endpoint, sign_in=lambda mailbox: login(mailbox, "secret"))
        ((target, copies),) = mailboxes.find([TARGET])
    assert target == TARGET
    assert not copies or copies[0].why


@contextmanager
def doveadm_saying(body: bytes) -> Iterator[Doveadm]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Doveadm(f"http://127.0.0.1:{server.server_port}/doveadm/v1", "key", timeout=5)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b"[[1,2,3]]", b"[7]", b"\xff", b'[["doveadmResponse"]]'])
def test_nonsense_from_doveadm_says_that_it_cannot_be_asked(body):
    with doveadm_saying(body) as api, pytest.raises(Unreachable):
        api.call("user", userMask=["*"])


def test_rows_of_doveadm_without_their_fields_leave_the_mailboxes_to_imap(monkeypatch):
    monkeypatch.setattr(doveadm_mail, "FEW_MAILBOXES", 0)
    body = b'[["doveadmResponse", [{"username": "ada@corp.example"}, 5], "0"]]'
    with doveadm_saying(body) as api:
        monkeypatch.setattr(Doveadm, "named", lambda _: {TARGET.mailbox: TARGET.mailbox})
        assert list(DoveadmMail(api).find([TARGET])) == []


def test_an_answer_of_doveadm_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(doveadm, "LONGEST_ANSWER", 1 << 20)
    with doveadm_saying(b" " * (2 << 20)) as api, pytest.raises(Unreachable, match="more than 1 MB"):
        api.users()


def served_once(address) -> None:
    """In a thread of its own: browser tests leave an event loop running in pytest's."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, Milter("m", str(address)).serve(stop=lambda: True)).result()


def test_a_milters_socket_takes_the_place_of_a_socket_and_of_nothing_else(tmp_path):
    precious = tmp_path / "watchfloor.sqlite3"
    precious.write_text("everything")
    left_over = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(left_over))
    link = tmp_path / "link"
    link.symlink_to(left_over)
    with pytest.raises(NotConfigured, match="is no socket"):
        served_once(precious)
    with pytest.raises(NotConfigured, match="is no socket"):
        served_once(link)
    assert precious.read_text() == "everything"
    served_once(left_over)
    assert "is no socket" in cannot_listen(str(precious))
    assert not cannot_listen(str(tmp_path / "new.sock"))
