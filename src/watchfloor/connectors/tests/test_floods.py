"""Whoever floods a door is told to come again, whoever falls silent is hung up on, and mail goes on coming in."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from labs import free_ports, wait_until
from watchfloor.connectors.models import Accepted, DeadLetter
from watchfloor.connectors.protocols.doorkeeper import Doorkeeper
from watchfloor.connectors.registry import systems
from watchfloor.connectors.systems.milter import protocol
from watchfloor.connectors.systems.milter.listening import Milter
from watchfloor.connectors.systems.smtp_journal import listening as journal_listening
from watchfloor.connectors.systems.smtp_journal.listening import Journal
from watchfloor.connectors.systems.smtp_journal.system import journal_of

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def open_door(door: Milter | Journal) -> Iterator[None]:
    """The door, served by a thread until the block ends."""
    stopping, ready = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(door.serve(stop=stopping.is_set, ready=ready.set)))
    thread.start()
    try:
        assert ready.wait(5)
        yield
    finally:
        stopping.set()
        thread.join(5)


def journal(**settings: str) -> Journal:
    (port,) = free_ports(1)
    return journal_of("journal", {"address": f"127.0.0.1:{port}", **settings})


def milter(**more: object) -> Milter:
    (port,) = free_ports(1)
    return Milter("mx", f"127.0.0.1:{port}", **more)


def connect(port: int, stack: ExitStack | None = None) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=5)
    return stack.enter_context(made) if stack else made


def said(connection: socket.socket) -> str:
    """Everything until the other side hangs up."""
    found = b""
    while piece := connection.recv(4096):
        found += piece
    return found.decode()


def port_of(door: Milter) -> int:
    return int(door.address.rpartition(":")[2])


# --- the journal --------------------------------------------------------------------------------------------------


def test_a_flood_of_connections_to_the_journal_is_asked_to_come_again_and_those_inside_go_on():
    door = journal(connections="5")
    with open_door(door), ExitStack() as stack:
        inside = [connect(door.port, stack) for _ in range(5)]
        assert all(one.recv(100).startswith(b"220 ") for one in inside)
        answers = [said(connect(door.port, stack)) for _ in range(200)]
        assert set(answers) == {"421 4.3.2 Too many connections; come again later\r\n"}
        inside[0].sendall(b"NOOP\r\n")
        assert inside[0].recv(100).startswith(b"250 ")
        inside[1].sendall(b"QUIT\r\n")
        wait_until(lambda: b"220 " in connect(door.port, stack).recv(100), what="room after one has left")


def test_strangers_are_turned_away_in_the_first_line_and_take_nobodys_room():
    door = journal(clients="192.0.2.0/24", connections="1")
    with open_door(door), ExitStack() as stack:
        answers = {said(connect(door.port, stack)) for _ in range(20)}
    assert answers == {"554 5.7.1 This address may not send journal copies here\r\n"}


@pytest.mark.parametrize(
    "words", [b"", b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nhalf a"]
)
def test_whoever_falls_silent_hears_421_and_is_hung_up_on(words):
    door = journal(patience="1")
    with open_door(door), connect(door.port) as one:
        one.sendall(words)
        assert said(one).endswith("421 4.4.2 Nothing whole came for 1 seconds; goodbye\r\n")
    assert not Accepted.objects.exists()


def test_a_command_too_long_is_refused_and_the_connection_goes_on():
    door = journal()
    with open_door(door), connect(door.port) as one, one.makefile("rb") as lines:
        lines.readline()
        for words in (b"EHLO " + b"x" * 600, b"EHLO " + b"x" * (3 * 2**20)):
            one.sendall(words + b"\r\n")
            assert lines.readline() == b"500 Command line too long\r\n"
        one.sendall(b"NOOP\r\n")
        assert lines.readline().startswith(b"250 ")


def test_whoever_only_chatters_is_sent_away():
    door = journal()
    with open_door(door), connect(door.port) as one:
        one.sendall(b"NOOP\r\n" * 101)
        assert said(one).endswith("421 4.7.0 NOOP sent too many times\r\n")


def test_one_copy_has_only_so_many_recipients(monkeypatch):
    monkeypatch.setattr(journal_listening, "MOST_RECIPIENTS", 2)
    door = journal()
    with open_door(door), connect(door.port) as one, one.makefile("rb") as lines:
        one.sendall(b"HELO x\r\nMAIL FROM:<a@b.example>\r\n" + b"RCPT TO:<c@d.example>\r\n" * 3)
        assert [lines.readline()[:3] for _ in range(6)] == [b"220", b"250", b"250", b"250", b"250", b"452"]


# --- the milter ---------------------------------------------------------------------------------------------------

OFFER = b"O" + struct.pack(">III", 6, 0x1FF, 0x1FFFFF)
CONNECT = b"Cmx.example\x004\x00\x19192.0.2.1\x00"


def packet(words: bytes) -> bytes:
    return struct.pack(">I", len(words)) + words


def answer(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as stream:
        (length,) = struct.unpack(">I", stream.read(4))
        return stream.read(length)


@pytest.mark.parametrize(("fail_open", "verdict"), [(True, protocol.ACCEPT), (False, b"y451 4.3.2 ")])
def test_a_mail_server_for_whom_there_is_no_room_hears_what_the_setting_says_and_the_others_go_on(fail_open, verdict):
    door = milter(connections=3, fail_open=fail_open)
    with open_door(door), ExitStack() as stack:
        inside = [connect(port_of(door), stack) for _ in range(3)]
        for one in inside:
            one.sendall(packet(OFFER))
            assert answer(one)[:1] == b"O"
        late = connect(port_of(door), stack)
        late.sendall(packet(OFFER))
        assert answer(late)[:1] == b"O"
        late.sendall(packet(b"Dmi\x00queue\x00") + packet(CONNECT))
        assert answer(late).startswith(verdict)
        assert late.recv(1) == b"", "it hangs up"
        send(inside[0], b"hello")
        assert answer(inside[0]) == protocol.ACCEPT
    assert Accepted.objects.count() == 1


def send(connection: socket.socket, body: bytes, *, recipients: int = 1) -> None:
    """A whole mail; the server was told that it need not answer before the end."""
    words = [CONNECT, b"M<x@evil.example>\x00", *[b"R<ada@corp.example>\x00"] * recipients, b"LSubject\x00 x\x00"]
    connection.sendall(b"".join(map(packet, [*words, b"N", b"B" + body, b"E"])))


def test_hundreds_of_silent_connections_do_not_keep_the_mail_server_out():
    door = milter(connections=10, idle=1)
    with open_door(door), ExitStack() as stack:
        flood = [connect(port_of(door), stack) for _ in range(400)]
        ends = [one.recv(1) for one in flood]  # nobody negotiates: all end within the second
        assert set(ends) == {b""}
        with connect(port_of(door)) as late:
            late.sendall(packet(OFFER))
            answer(late)
            send(late, b"after the flood")
            assert answer(late) == protocol.ACCEPT
    assert Accepted.objects.count() == 1


def test_a_mail_server_that_falls_silent_is_hung_up_on():
    door = milter(idle=1)
    with open_door(door), connect(port_of(door)) as one:
        one.sendall(packet(OFFER))
        answer(one)
        one.sendall(packet(CONNECT)[:-5])  # half a packet
        assert one.recv(1) == b""


@pytest.mark.parametrize(
    "words", [struct.pack(">I", 2**31), struct.pack(">I", 0), packet(b"O123"), b"GET / HTTP/1.1\r\n\r\n"]
)
def test_what_is_not_the_milter_protocol_ends_the_connection(words):
    door = milter()
    with open_door(door), connect(port_of(door)) as one:
        one.sendall(words)
        assert one.recv(1) == b""


def test_a_mail_of_endlessly_many_small_parts_passes_and_is_a_dead_letter(monkeypatch):
    monkeypatch.setattr(protocol, "MOST_PARTS", 50)
    door = milter()
    with open_door(door), connect(port_of(door)) as one:
        one.sendall(packet(OFFER))
        answer(one)
        send(one, b"many", recipients=60)
        assert answer(one) == protocol.ACCEPT
        send(one, b"few")
        assert answer(one) == protocol.ACCEPT
    assert Accepted.objects.count() == 1, "the next mail is whole again"
    assert DeadLetter.objects.get().reason == "more than 50 recipients, header lines and pieces"


def test_macros_without_end_are_not_kept(monkeypatch):
    monkeypatch.setattr(protocol, "MOST_MACROS", 10)
    client = protocol.Client()

    class Quiet(protocol.Conversation):
        def __init__(self) -> None:
            self.client, self.seen, self.limit = client, protocol.Seen(), 100

    one = Quiet()
    one._note(b"D", b"M" + b"\x00".join([b"i", b"A1"]))
    for number in range(100):
        one._note(b"D", b"M" + b"\x00".join([b"{x%d}" % number, b"y"]))
    assert client.macros["i"] == "A1"
    assert len(client.macros) <= 10


# --- how many -----------------------------------------------------------------------------------------------------


def test_a_doorkeeper_says_once_that_it_is_full(caplog):
    keeper = Doorkeeper("mx", 1)
    assert keeper.enter("a")
    assert keeper.enter("a"), "who is inside is inside"
    assert not any(keeper.enter(who) for who in "bcd")
    assert caplog.text.count("mx turns connections away: 1 are open") == 1
    keeper.leave("a")
    keeper.leave("a")
    assert keeper.enter("b")


@pytest.mark.parametrize("kind", ["milter", "smtp_journal"])
def test_the_limits_are_settings_with_a_default(kind):
    defaults = {setting.name: setting.default for setting in systems()[kind].settings}
    assert int(defaults["connections"]) >= 100
    assert int(defaults["idle" if kind == "milter" else "patience"]) >= 300


def test_a_limit_of_nothing_still_lets_one_in():
    assert (journal(connections="0").connections, journal(connections="").connections) == (1, 100)
