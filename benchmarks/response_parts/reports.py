"""How long a person who reports a mail waits for our verdict: the real worker, known and unknown originals by turns.

Counted from the acceptance of the reporting mail to the verdict on its card with the answer to the reporter in the outbox.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.workplace import say
from labs import wait_until
from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.connectors.selectors import outgoing_mail
from watchfloor.connectors.services import accept, add_connection
from watchfloor.kernel.clock import utc_now
from watchfloor.response.submissions.models import UserReport
from watchfloor.response.submissions.reading import READER
from watchfloor.response.submissions.services import change_policy
from watchfloor.runtime.selectors import cursor_position

SMALL: dict[str, Any] = {"reports": 4}
FULL: dict[str, Any] = {"reports": 40}
BY = system_actor("benchmark", Permission.CONNECTION_MANAGE)
SECONDS = 60
PAUSE = 0.02
TO = "phish@corp.example"


def measure(*, reports: int = 4) -> dict[str, Any]:
    """`report_verdict_s`: the slowest of all reports, in seconds."""
    add_connection(
        by=BY,
        name="out",
        kind="smtp_out",
        settings={"host": "127.0.0.1", "port": "9", "security": "none", "from_address": "soc@corp.example"},
    )
    change_policy(
        by=BY, addresses=[TO], folders=[], answer_at_once=True, answer_verdict=True, language="en", now=utc_now()
    )
    with _worker():
        _take_in(letter("first"), to="ann@corp.example")
        wait_until(lambda: cursor_position(READER) > 0, seconds=SECONDS, what="the worker's first mail")
        times = [_one(number) for number in range(reports)]
    say("reports:", " ".join(f"{one:.2f}" for one in times), "s")
    return {"report_verdict_s": round(max(times), 2)}


@contextmanager
def _worker() -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "watchfloor.config.worker"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _one(number: int) -> float:
    """Every second original was delivered before it is reported; the others nobody knows."""
    original = letter(f"reported-{number}")
    if number % 2 == 0:
        known = _take_in(original, to="ann@corp.example")
        wait_until(lambda: cursor_position(READER) >= known, seconds=SECONDS, what="the mail's inspection")
    began = time.perf_counter()
    position = _take_in(report_of(original), to=TO)
    while not _answered(position):
        if time.perf_counter() - began > SECONDS:
            raise SystemExit(f"report {number} had no verdict after {SECONDS} s")
        time.sleep(PAUSE)
    return time.perf_counter() - began


def _answered(position: int) -> bool:
    report = UserReport.objects.filter(position=position, verdict_at__isnull=False).first()
    return report is not None and outgoing_mail(f"report {report.pk} received") is not None


def _take_in(raw: bytes, *, to: str) -> int:
    return accept(raw, source="mx", received_at=utc_now(), recipients=[to], facts={"door": "milter"}).position


def letter(name: str) -> bytes:
    return (
        f"Message-ID: <{name}@bad.example>\r\nFrom: Desk <desk-{name}@bad.example>\r\nTo: ann@corp.example\r\n"
        f"Subject: Your password ends today ({name})\r\nDate: Sun, 22 Nov 2026 08:00:00 +0000\r\n\r\n"
        f"Verify your account {name} within 24 hours: https://login.bad.example/{name}\r\n"
    ).encode()


def report_of(original: bytes) -> bytes:
    return (
        b"From: Ann Able <ann@corp.example>\r\nTo: phish@corp.example\r\nSubject: 3|Your password\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=edge\r\n\r\n--edge\r\nContent-Type: text/plain\r\n\r\nOdd.\r\n"
        b"--edge\r\nContent-Type: message/rfc822\r\n\r\n" + original + b"--edge--\r\n"
    )
