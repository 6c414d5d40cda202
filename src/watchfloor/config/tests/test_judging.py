import socket
import time

import pytest

from labs.clamav import Clamd
from watchfloor.config.judging import judge_inline
from watchfloor.connectors import opinions
from watchfloor.connectors.contracts import Disposition
from watchfloor.connectors.judging import judge
from watchfloor.connectors.models import Connection
from watchfloor.connectors.services import set_judge
from watchfloor.kernel.clock import utc_now


def test_the_judge_inspects_the_mail_it_is_asked_about(db):
    judge_inline()
    try:
        raw = b"From: a@x.example\r\nTo: ada@corp.example\r\nSubject: Lunch\r\nMessage-ID: <1@x.example>\r\n\r\nAt twelve?\r\n"
        asked = judge()
        assert asked is not None
        said = asked(raw, mail_from="a@x.example", recipients=["ada@corp.example"], client_ip="198.51.100.1", helo="x")
        assert said.disposition is Disposition.ACCEPT
    finally:
        set_judge(None)


INFECTED = (
    b"From: a@x.example\r\nTo: ada@corp.example\r\nSubject: Lunch\r\nMessage-ID: <2@x.example>\r\n\r\n"
    b"The lab calls this bad.\r\n"
)


@pytest.fixture
def inline(db):
    """The judge of the milter, as the worker names it."""
    opinions._standings.clear()
    judge_inline()
    yield lambda raw: judge()(raw, mail_from="a@x.example", recipients=["ada@corp.example"], client_ip="", helo="x")
    set_judge(None)


def connect(kind, **settings):
    now = utc_now()
    Connection.objects.create(name=kind, kind=kind, settings=settings, created_at=now, changed_at=now)


@pytest.mark.lab
def test_a_mail_that_clamav_knows_is_held_before_delivery(inline):
    with Clamd(texts={"Lab.Bad": b"The lab calls this bad"}) as clamd:
        connect("clamav", address=str(clamd.socket), seconds="15")
        said = inline(INFECTED)
        assert (said.disposition, said.words) == (Disposition.HOLD, "Malware: clamav found Lab.Bad")
        assert said.held == ("ada@corp.example",)
        assert said.facts["quarantine"]["reason"] == "Malware"


def test_a_silent_filter_makes_the_mail_server_wait_no_longer_than_its_limit(inline):
    inline(INFECTED)  # the inspection's process is running from here on
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connect("rspamd", url=f"http://127.0.0.1:{silent.getsockname()[1]}", seconds="1")
        before = time.monotonic()
        assert inline(INFECTED).disposition is Disposition.ACCEPT
        assert 0.9 < time.monotonic() - before < 10
