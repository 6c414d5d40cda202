"""rspamd is asked with the whole envelope, and its trouble is said in words. Against a real rspamd of Debian."""

import socket
import threading

import pytest

from labs import free_ports
from labs.rspamd import GTUBE, Rspamd
from watchfloor.connectors.registry import system
from watchfloor.connectors.systems.rspamd.asking import Rspamd as Asked
from watchfloor.connectors.systems.rspamd.asking import envelope_of
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable

from .letters import envelope, letter

lab = pytest.mark.lab


@pytest.fixture(scope="module")
def server():
    with Rspamd() as running:
        yield running


def asked(url, **settings):
    return system("rspamd").opinion({"url": url} | settings, name="rspamd")


def trial(url, **settings):
    return system("rspamd").test({"url": url} | settings)


@lab
def test_spam_gets_its_score_with_the_rules_that_made_it(server):
    (found,) = asked(server.url)(letter("Buy cheap watches from the lab"), mail=envelope())
    assert found.threat == "Spam"
    assert found.score > 9
    assert found.threshold == 15
    assert found.words.startswith(f"rspamd scored {found.score:.1f} (threshold 15, “add header”): WF_TEST_SPAM 9.5")
    assert "the lab's spam" in found.words
    assert found.symbols[0] == "WF_TEST_SPAM"


@lab
def test_phish_is_told_by_its_symbols(server):
    (found,) = asked(server.url)(letter("Please confirm your lab password"), mail=envelope())
    assert found.threat == "Phish"
    assert "“reject”" in found.words


@lab
def test_the_standard_test_spam_is_rejected(server):
    (found,) = asked(server.url)(letter(GTUBE), mail=envelope())
    assert found.score == 15


@lab
def test_an_ordinary_mail_gets_no_opinion(server):
    assert asked(server.url)(letter(), mail=envelope()) == ()


@lab
def test_the_whole_envelope_is_told(server):
    mail = envelope(queue_id="4bXyZ1", recipients=("ada@corp.example", "max@corp.example"))
    asked(server.url)(letter(subject="told"), mail=mail)
    log = server.log()
    assert "queue-id: <4bXyZ1>" in log
    assert "ip: 192.0.2.7, from: <bea@supplier.example>" in log
    assert "rcpts: <ada@corp.example,max@corp.example>" in log


@lab
def test_hostile_words_in_the_envelope_end_no_header(server):
    mail = envelope(helo="x\r\nQueue-Id: forged\r\n\r\n", mail_from="ü@x.example\n", queue_id="real")
    assert ("Queue-Id", "real") in envelope_of(mail)
    assert all("\r" not in value and "\n" not in value for _, value in envelope_of(mail))
    asked(server.url)(letter(), mail=mail)
    assert "queue-id: <real>" in server.log()
    assert "queue-id: <forged>" not in server.log()


@lab
def test_the_controller_is_asked_with_its_password(server):
    (found,) = asked(server.controller_url, password=server.password)(letter(GTUBE), mail=envelope())
    assert found.score == 15
    with pytest.raises(NotConfigured, match="password is refused"):
        asked(server.controller_url, password="wrong")(letter(), mail=envelope())


@lab
def test_the_test_says_in_words_that_it_can_judge(server):
    report = trial(server.url)
    assert report.ok
    assert "a harmless test mail scores" in report.lines[1][1]


def test_the_test_names_what_is_in_the_way():
    (port,) = free_ports(1)
    report = trial(f"http://127.0.0.1:{port}")
    assert not report.ok
    assert "was not reached" in report.lines[0][1]
    assert "refused" in report.lines[0][1]
    assert "must start with http" in trial("127.0.0.1:11333").lines[0][1]


def answering(data: bytes):
    """A server that says `data` to whoever comes, and hangs up; without data it says nothing and stays."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        kept = []
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            kept.append(connection)
            if data:
                connection.recv(1 << 16)
                connection.sendall(data)
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    return listening


def test_who_never_answers_is_left_after_the_time_limit():
    with answering(b"") as listening, pytest.raises(Unreachable, match="no answer within 1 s"):
        asked(f"http://127.0.0.1:{listening.getsockname()[1]}", seconds="1")(letter(), mail=envelope())


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"[]",
        b'{"action": 1}',
        b'{"action": "reject", "score": NaN}',
        b'{"action":"reject","score":1,"symbols":7}',
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_no_opinion(body):
    said = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with answering(said) as listening, pytest.raises(Unreachable):
        asked(f"http://127.0.0.1:{listening.getsockname()[1]}")(letter(), mail=envelope())


def test_something_else_that_answers_there_is_named():
    with answering(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi") as listening:
        report = trial(f"http://127.0.0.1:{listening.getsockname()[1]}")
    assert "it is no rspamd worker" in report.lines[0][1]


def test_a_mail_that_is_too_large_is_not_asked_about():
    with pytest.raises(BadInput, match="larger than 1 MB"):
        Asked("rspamd", "http://127.0.0.1:1", largest=1 << 20)(b"x" * (2 << 20), mail=envelope())


def test_the_settings_of_a_connection_cannot_make_a_mail_server_wait_too_long():
    assert asked("http://127.0.0.1:1", seconds="900").seconds == 20
    assert asked("http://127.0.0.1:1", seconds="0").seconds == 1
