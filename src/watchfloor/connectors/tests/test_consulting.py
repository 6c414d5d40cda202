"""Second opinions are asked side by side, and whoever is silent costs mail nothing but a sentence."""

import socket
import threading
import time
from dataclasses import replace

import pytest

from labs import free_ports
from watchfloor.connectors import opinions
from watchfloor.connectors.contracts import Capability, Heard
from watchfloor.connectors.models import Connection
from watchfloor.connectors.registry import systems
from watchfloor.connectors.selectors import connection_lines, second_opinions
from watchfloor.connectors.services import consult
from watchfloor.runtime.selectors import health

from .letters import NOON, envelope, letter

pytestmark = pytest.mark.django_db
CLEAN = b'{"action": "no action", "score": 0.5, "required_score": 15, "symbols": {}}'
SPAM = b'{"action": "reject", "score": 16, "required_score": 15, "symbols": {"BAD": {"score": 16}}}'


class Filter:
    """Speaks as rspamd does: each answer after `after` seconds; `asked` counts, `together` is the most at one time."""

    def __init__(self, answer=CLEAN, after=0.0):
        self.answer, self.after, self.asked, self.inside, self.together = answer, after, 0, 0, 0
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        self.asked, self.inside = self.asked + 1, self.inside + 1
        self.together = max(self.together, self.inside)
        connection.recv(1 << 20)
        time.sleep(self.after)
        self.inside -= 1
        try:
            head = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(self.answer)
            connection.sendall(head + self.answer)
        except OSError:
            pass
        connection.close()


@pytest.fixture(autouse=True)
def strangers():
    """Nobody's standing from another test."""
    opinions._standings.clear()
    opinions._heard_before.clear()
    yield
    opinions._standings.clear()


def connect(name, kind="rspamd", enabled=True, **settings):
    return Connection.objects.create(
        name=name, kind=kind, settings=settings, enabled=enabled, created_at=NOON, changed_at=NOON
    )


def mails(count=1):
    return [envelope(letter(f"Hello {number}")) for number in range(count)]


def state_of(name):
    return next(one for one in health() if one.part == f"connection {name}")


def test_nobody_is_asked_by_default():
    assert second_opinions() == ()
    assert consult(mails(3)) == [Heard(), Heard(), Heard()]


def test_three_systems_can_give_an_opinion():
    able = {kind for kind, one in systems().items() if Capability.GIVE_OPINION in one.capabilities}
    assert able == {"clamav", "rspamd", "yara"}


def test_only_enabled_connections_are_asked():
    here, away = Filter(SPAM), Filter(SPAM)
    connect("here", url=here.url)
    connect("away", url=away.url, enabled=False)
    (heard,) = consult(mails())
    assert [one.who for one in heard.opinions] == ["here"]
    assert away.asked == 0


def test_several_mails_are_asked_about_at_once():
    slow = Filter(after=0.3)
    connect("slow", url=slow.url)
    before = time.monotonic()
    assert consult(mails(12)) == [Heard()] * 12
    assert slow.together > 4
    assert time.monotonic() - before < 12 * 0.3


def test_answers_stay_with_their_mails_and_connections():
    spam, clean = Filter(SPAM), Filter()
    connect("a", url=spam.url)
    connect("b", url=clean.url)
    heard = consult(mails(5))
    assert [[one.who for one in each.opinions] for each in heard] == [["a"]] * 5


def test_a_filter_that_is_gone_is_named_in_each_mail_and_in_health():
    (port,) = free_ports(1)
    connect("gone", url=f"http://127.0.0.1:{port}")
    heard = consult(mails(2))
    assert [each.unanswered for each in heard] == [("gone was not reached: Connection refused",)] * 2
    assert state_of("gone").state == "warning"
    consult(mails(2))
    opinions._standings["gone"].reported = ("", 0.0)
    consult(mails(1))
    assert state_of("gone").state == "failing"
    assert "stored without its answer" in state_of("gone").sentence


def test_a_silent_filter_is_left_alone_after_three_failures():
    silent = Filter(after=60)
    connect("silent", url=silent.url, seconds="1")
    before = time.monotonic()
    heard = consult(mails(60))
    assert all("silent was not reached: no answer within 1 s" in each.unanswered for each in heard)
    assert silent.asked < 30
    assert time.monotonic() - before < 15
    asked = silent.asked
    consult(mails(5))
    assert silent.asked == asked


def test_a_filter_that_comes_back_is_asked_again_after_the_pause():
    (port,) = free_ports(1)
    connection = connect("filter", url=f"http://127.0.0.1:{port}")
    consult(mails(5))
    back = Filter(SPAM)
    connection.settings = {"url": back.url}
    connection.save()
    assert consult(mails(1))[0].opinions == ()
    opinions._standings["filter"].paused_until = 0.0
    assert consult(mails(1))[0].opinions
    assert state_of("filter").state == "ok"


def test_one_that_fails_here_takes_neither_mail_nor_the_others_along(monkeypatch):
    connect("spam", url=Filter(SPAM).url)
    connect("odd", url=Filter().url)
    real = systems()["rspamd"].opinion

    def broken(settings, *, name):
        if name == "odd":
            return type(
                "Odd", (), {"who": name, "warning": lambda self: "", "__call__": lambda self, raw, mail: 1 / 0}
            )()
        return real(settings, name=name)

    monkeypatch.setattr(systems()["rspamd"], "opinion", broken)
    (heard,) = consult(mails())
    assert [one.who for one in heard.opinions] == ["spam"]
    assert heard.unanswered == ("odd was not reached: it failed here (ZeroDivisionError)",)


def test_settings_that_cannot_be_read_stop_no_mail():
    connect("sealed", url="http://127.0.0.1:1", password="sealed with a key that is gone")
    (heard,) = consult(mails())
    assert heard.unanswered[0].startswith("sealed was not reached: a stored secret cannot be opened")


def test_a_mail_that_is_too_large_says_so_and_costs_the_filter_nothing():
    connect("small", url=Filter().url, megabytes="1")
    (heard,) = consult([envelope(letter("x" * (2 << 20)))])
    assert heard.unanswered == ("small was not asked: the mail is larger than 1 MB",)
    assert state_of("small").state == "ok"


def test_a_mail_whose_bytes_are_gone_stops_nothing():
    connect("any", url=Filter().url)
    (heard,) = consult([envelope()])
    assert "no longer kept" in heard.unanswered[0]


def test_the_connections_page_says_how_each_is_doing():
    connect("quiet", url="http://127.0.0.1:1")
    assert {line.name: line.sentence for line in connection_lines()} == {"quiet": "asked with the next mail"}
    Connection.objects.all().delete()
    connect("good", url=Filter().url)
    consult(mails(3))
    (line,) = connection_lines()
    assert (line.state, line.can) == ("ok", ("give a second opinion",))
    assert line.sentence.startswith("answers; 3 mails since")


def test_a_mail_judged_before_delivery_is_not_asked_about_again_when_it_is_stored():
    there = Filter(SPAM)
    connect("spam", url=there.url)
    (before,) = consult([envelope(letter(), queue_id="at the door")])
    (stored,) = consult([envelope(queue_id="stored")])
    assert stored == before
    assert there.asked == 1
    assert "no longer kept" in consult([envelope(queue_id="once more")])[0].unanswered[0]


def test_what_is_remembered_of_mails_at_the_door_is_bounded(monkeypatch):
    monkeypatch.setattr(opinions, "MOST_REMEMBERED", 5)
    connect("any", url=Filter().url)
    for number in range(8):
        consult([replace(envelope(letter()), sha256=str(number))])
    assert sorted(opinions._heard_before) == ["3", "4", "5", "6", "7"]


def test_a_batch_never_takes_longer_than_it_may(monkeypatch):
    monkeypatch.setattr(opinions, "BATCH_SECONDS", 0.5)
    slow = Filter(after=0.4)
    connect("slow", url=slow.url)
    heard = consult(mails(60))
    late = [each for each in heard if each.unanswered == ("slow was not reached: other mails took too long",)]
    assert late
    assert len(late) < 60


def test_the_pages_connect_and_test_a_filter(as_max):
    there = Filter()
    page = as_max.post("/settings/connections/add/rspamd", {"name": "rspamd", "url": there.url, "seconds": "5"})
    assert page.status_code == 302, page.content.decode()
    report = as_max.post("/settings/connections/test/yara", {"name": "rules", "shipped": "yes"}).content.decode()
    assert "can read 3 rule files" in report
