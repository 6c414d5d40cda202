"""Syslog from other machines: what the wire says, and the real rsyslog over TCP and TLS."""

import json
import socket
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from labs import answers, free_ports, wait_until
from labs.rsyslog import Rsyslog
from labs.tls import certificate
from watchfloor.connectors import event_intake
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.event_intake import reading_of
from watchfloor.connectors.protocols.syslog_wire import frame, record_of, text_of
from watchfloor.connectors.selectors import observed_after
from watchfloor.connectors.systems.syslog_events import SYSTEM

AT = datetime(2026, 1, 2, 12, tzinfo=UTC)


def read(text, zone=UTC):
    return record_of(text, at=AT, zone=zone, peer="192.0.2.1")


# --- the wire -----------------------------------------------------------------------------------------------------


def test_a_modern_message_is_read_with_its_structured_data():
    record = read(
        '<165>1 2026-01-02T11:00:00.003Z web1 shop 77 ID47 [a@1 x="1" y="q\\"\\]"][b@1 z="2"] \ufeffsaid this'
    )
    assert (record["HostName"], record["AppName"], record["ProcId"], record["MsgId"]) == ("web1", "shop", "77", "ID47")
    assert (record["Timestamp"], record["Message"]) == ("2026-01-02T11:00:00.003Z", "said this")
    assert record["StructuredData"] == {"a@1": {"x": "1", "y": 'q"]'}, "b@1": {"z": "2"}}
    assert (record["Facility"], record["SeverityLevel"]) == (20, 5)


@pytest.mark.parametrize(
    ("text", "host", "app", "message", "time"),
    [
        ("<13>Jan  2 11:00:00 web1 sshd[77]: hello", "web1", "sshd", "hello", "2026-01-02T11:00:00+00:00"),
        ("<13>Dec 31 11:00:00 web1 slapd[1]: x: y", "web1", "slapd", "x: y", "2025-12-31T11:00:00+00:00"),
        ("<13>2026-01-02T11:00:00+01:00 web1 cron: hello", "web1", "cron", "hello", "2026-01-02T11:00:00+01:00"),
        ("Jan  2 11:00:00 web1 sudo:   ada : TTY=x", "web1", "sudo", "  ada : TTY=x", "2026-01-02T11:00:00+00:00"),
        ("<13>Jan  2 11:00:00 sshd[77]: no host", "192.0.2.1", "sshd", "no host", "2026-01-02T11:00:00+00:00"),
    ],
)
def test_elder_messages_are_read_in_their_dialects(text, host, app, message, time):
    record = read(text)
    assert (record["HostName"], record["AppName"]) == (host, app)
    assert record["Message"].strip() == message.strip()
    assert record["Timestamp"] == time


def test_a_time_without_a_zone_is_of_the_zone_that_was_set():
    assert read("<13>Jan  2 11:00:00 a b: c", ZoneInfo("Europe/Vienna"))["Timestamp"] == "2026-01-02T11:00:00+01:00"


@pytest.mark.parametrize(
    "text", ["", "<>", "<999>x", "<13>1 - - - - - -", "<13>Foo 99 99:99:99 a b: c", "\x00\xff", "<13>1 x"]
)
def test_whatever_comes_is_a_record_with_the_time_it_came(text):
    record = read(text)
    assert "Message" in record
    assert record["Timestamp"]


def test_json_in_a_message_is_the_record_beside_its_header():
    record = read('<13>1 2026-01-02T11:00:00Z web1 app - - - @cee: {"event": "login", "user": "ada"}')
    assert (record["event"], record["user"], record["HostName"]) == ("login", "ada", "web1")
    assert "Message" not in record
    assert read('<13>1 - web1 app - - - {"torn": ')["Message"] == '{"torn":'


def test_messages_are_told_apart_by_length_or_by_newline():
    buffer = b"5 hello3 a\nb<13>line one\n<13>half"
    said = []
    while True:
        message, buffer, wrong = frame(buffer)
        if message is None:
            break
        said.append(message)
    assert (said, buffer, wrong) == ([b"hello", b"a\nb", b"<13>line one"], b"<13>half", "")
    assert frame(b"99999999 x")[2]
    assert frame(b"12x4567890")[2]
    assert frame(b"<13>" + b"x" * 70_000)[2]
    assert text_of(b"M\xfcller") == "M\u00fcller"


# --- the listener -------------------------------------------------------------------------------------------------


def taken(port):
    """Whether somebody hears datagrams there: they answer nothing, and one sent too early is lost."""
    return f":{port:04X} " in Path("/proc/net/udp").read_text()


@contextmanager
def listening(port=0, **settings):
    """The listener in a thread, as the worker runs it; gives its port."""
    port = port or free_ports(1)[0]
    given = {"address": f"127.0.0.1:{port}", "transport": "tcp"} | settings
    stopping, troubles = threading.Event(), []

    def run():
        try:
            SYSTEM.run(given, name="logs", stop=stopping.is_set)
        except Exception as error:
            troubles.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        datagrams = "udp" in given["transport"]
        wait_until(lambda: troubles or (answers(port) and (not datagrams or taken(port))), what="the listener")
        yield port
    finally:
        stopping.set()
        thread.join(timeout=15)
    assert not thread.is_alive()
    assert not troubles


def observed():
    return [item for batch in observed_after(0, kinds=[ObservedKind.EVENTS], limit=1000) for item in batch.items]


def accepted(number):
    text = f"Accepted password for ada{number} from 198.51.100.7 port 22 ssh2"
    return f"<38>1 2026-11-22T12:00:00Z web1 sshd 77 - - {text}"


stored = pytest.mark.django_db(transaction=True)


@stored
@pytest.mark.lab
@pytest.mark.parametrize("framing", ["octet-counted", "traditional"])
def test_rsyslog_forwards_over_tcp(framing):
    with listening() as port, Rsyslog(to=port, framing=framing) as server:
        server.send(*(accepted(number) for number in range(300)))
        wait_until(lambda: len(observed()) >= 300, what="300 sign-ins")
    assert {row["AccountName"] for row in observed()} == {f"ada{number}" for number in range(300)}
    assert {row["DeviceName"] for row in observed()} == {"web1"}


@stored
@pytest.mark.lab
def test_rsyslog_forwards_over_tls(tmp_path):
    cert, key = certificate(tmp_path)
    tmp_path.chmod(0o755)
    tls = {"transport": "tls", "cert_file": str(cert), "key_file": str(key)}
    with listening(**tls) as port, Rsyslog(to=port, ca_file=cert) as server:
        server.send(*(accepted(number) for number in range(50)))
        wait_until(lambda: len(observed()) >= 50, what="50 sign-ins")
    assert len({row["AccountName"] for row in observed()}) == 50


@stored
@pytest.mark.lab
def test_what_rsyslog_could_not_send_while_we_were_away_comes_when_we_are_back():
    (port,) = free_ports(1)
    with Rsyslog(to=port) as server:
        server.send(accepted(1))
        with listening(port):
            server.send(accepted(2))
            wait_until(lambda: len(observed()) >= 2, seconds=20, what="both sign-ins")


@stored
def test_datagrams_are_heard_and_strangers_are_not():
    with listening(transport="tcp+udp") as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(accepted(1).encode(), ("127.0.0.1", port))
        wait_until(lambda: len(observed()) == 1, what="the sign-in")
    with listening(clients="192.0.2.0/24") as port, socket.create_connection(("127.0.0.1", port)) as stranger:
        stranger.sendall(accepted(2).encode() + b"\n")
        stranger.settimeout(5)
        with suppress(ConnectionError):  # it may end with a reset, too
            assert stranger.recv(1) == b""
    assert len(observed()) == 1


@stored
def test_the_parts_of_an_ldap_bind_are_joined_and_chatter_is_left_out():
    head = "<14>Nov 22 12:00:00 ldap1 slapd[7]: "
    lines = (
        "conn=1 fd=12 ACCEPT from IP=198.51.100.7:4321 (IP=192.0.2.5:389)",
        'conn=1 op=0 BIND dn="uid=ada,dc=corp,dc=example" method=128',
        "conn=1 op=0 RESULT tag=97 err=49 text=",
        "conn=1 op=1 SRCH base=x",
    )
    with listening() as port, socket.create_connection(("127.0.0.1", port)) as sender:
        sender.sendall("".join(f"{head}{line}\n" for line in lines).encode())
        sender.sendall(b"<14>Nov 22 12:00:00 ldap1 CRON[7]: (root) CMD (x)\n")
        wait_until(lambda: observed(), what="the bind")
    (row,) = observed()
    assert (row["AccountName"], row["IPAddress"], row["ActionType"]) == ("ada", "198.51.100.7", "LogonFailed")


@stored
def test_a_batch_that_cannot_be_stored_is_tried_again_and_not_lost(monkeypatch):
    with listening() as port, socket.create_connection(("127.0.0.1", port)) as sender:
        with monkeypatch.context() as broken:
            tried = threading.Event()

            def fail(**given):
                tried.set()
                raise OSError("the disk is full")

            broken.setattr(event_intake, "observe", fail)
            sender.sendall(accepted(1).encode() + b"\n")
            assert tried.wait(5)
        wait_until(lambda: len(observed()) == 1, what="the sign-in")


@stored
def test_what_has_come_when_it_is_stopped_is_written_first():
    with listening() as port, socket.create_connection(("127.0.0.1", port)) as sender:
        sender.sendall("".join(f"{accepted(number)}\n" for number in range(3_000)).encode())
        wait_until(lambda: observed(), what="the first")
        sender.shutdown(socket.SHUT_WR)
        sender.recv(1)
    assert len(observed()) == 3_000


@stored
def test_records_of_something_else_are_read_by_a_mapping():
    mapping = 'table = IdentityLogonEvents\nTimestamp = Timestamp\nAccountName = user\nApplication = "Shop"'
    with listening(records="mapping", mapping=mapping) as port, socket.create_connection(("127.0.0.1", port)) as sender:
        sender.sendall(b"<14>1 2026-11-22T12:00:00Z a shop - - - " + json.dumps({"user": "ada"}).encode() + b"\n")
        wait_until(lambda: observed(), what="the row")
    assert (observed()[0]["AccountName"], observed()[0]["Application"]) == ("ada", "Shop")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"zone": "Mars/Phobos"}, "there is no time zone “Mars/Phobos”"),
        ({"clients": "somebody"}, "neither an address nor a network"),
        ({"transport": "tls"}, "the certificate cannot be used"),
        ({"records": "mapping", "mapping": "table = Shoes\na = b"}, "there is no table “Shoes”"),
        ({"address": "nowhere"}, "an address is host:port"),
    ],
)
def test_its_settings_are_tested_with_words(wrong, words):
    (port,) = free_ports(1)
    tested = SYSTEM.test({"address": f"127.0.0.1:{port}"} | wrong)
    assert not tested.ok
    assert words in " ".join(sentence for _, sentence in tested.lines)
    assert SYSTEM.test({"address": f"127.0.0.1:{port}"}).ok


@pytest.mark.parametrize(
    "text",
    [
        f"<13>1 2026-11-22T00:00:00Z h a p m [x {'a' * 60_000}]",
        f"<13>1 2026-11-22T00:00:00Z h a p m [x {'a=' * 30_000}] b",
        f"<13>Nov 22 00:00:00 h sudo: x : {'TTY=a PWD=a USER=a ' * 3_000}",
        f"<13>Nov 22 00:00:00 h kernel: type=USER_LOGIN msg=audit(1700000000.123:1): {'a' * 60_000}",
        f"<13>Nov 22 00:00:00 h slapd[1]: conn=1 op=1 {'RESULT tag=97 err=1' * 3_000}",
    ],
)
def test_no_line_of_a_stranger_keeps_the_others_waiting(text):
    began = time.process_time()
    record = record_of(text, at=datetime(2026, 11, 22, tzinfo=UTC), zone=UTC)
    reading_of({}).take([("here", record)])
    assert time.process_time() - began < 1
