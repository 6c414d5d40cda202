"""Start-up, idle memory, visibility delay, page times: the real processes over HTTP."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from urllib.parse import urlencode

from benchmarks.workplace import percentile, proportional_mb, timed
from watchfloor.connectors.services import accept
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.selectors import parameters_of

EMAIL, PASSWORD = "bench@corp.example", "a benchmark's own password"
IDLE_AFTER_S = 8


class Served:
    """A running Watchfloor and a signed-in browser of the plainest kind."""

    def __init__(self, process: subprocess.Popen[bytes], base: str, start_s: float) -> None:
        self.process, self.base, self.start_s = process, base, start_s
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> str:
        with self.opener.open(self.base + path, timeout=60) as answer:
            return answer.read().decode()

    def sign_in(self) -> None:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get("/sign-in"))
        assert token
        form = urlencode({"csrfmiddlewaretoken": token[1], "username": EMAIL, "password": PASSWORD}).encode()
        request = urllib.request.Request(self.base + "/sign-in", form, headers={"Referer": self.base + "/sign-in"})
        self.opener.open(request, timeout=30).close()
        assert "/sign-out" in self.get("/"), "not signed in"


@contextmanager
def served(port: int) -> Iterator[Served]:
    """`watchfloor serve` in a session of its own until the block ends; `start_s` counts to the first page."""
    environ = {**os.environ, "WATCHFLOOR_LISTEN": f"127.0.0.1:{port}"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "watchfloor.config.cli", "serve"],
        env=environ, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        base = f"http://127.0.0.1:{port}"
        while time.perf_counter() - began < 60:
            try:
                urllib.request.urlopen(base + "/sign-in", timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield Served(process, base, time.perf_counter() - began)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # nothing is lost by it, and nobody waits for farewells
        process.wait(timeout=30)


def idle_mb(running: Served) -> float:
    time.sleep(IDLE_AFTER_S)
    return proportional_mb(running.process.pid)


def visible_s(running: Served, *, tries: int) -> float:
    """Worst seconds from the accepted mail's return to its row on the Explorer page."""
    worst = 0.0
    for number in range(tries):
        mark = f"visible{number}x{os.getpid()}"
        now = datetime.now(UTC)
        raw = (
            f"From: Max <max@elsewhere.example>\r\nTo: ada@corp.example\r\nSubject: {mark}\r\n"
            f"Date: {now:%a, %d %b %Y %H:%M:%S} +0000\r\nMessage-ID: <{mark}@elsewhere.example>\r\n\r\nHello\r\n"
        ).encode()
        accept(
            raw,
            source="benchmark",
            received_at=now,
            mail_from="max@elsewhere.example",
            recipients=("ada@corp.example",),
        )
        accepted = time.perf_counter()
        wanted = Condition("Subject", Operator.CONTAINS_ANY, (mark,))
        path = explorer("results", now - timedelta(hours=1), now + timedelta(hours=1), wanted)
        while mark not in _rows(running.get(path), mark):
            assert time.perf_counter() - accepted < 60, "never visible"
            time.sleep(0.05)
        worst = max(worst, time.perf_counter() - accepted)
    return worst


def _rows(page: str, mark: str) -> str:
    """The table's part of a page: the subject as a link, not as the filter's echo."""
    return mark if re.search(rf">\s*{mark}\s*<", page) else ""


def explorer(part: str, start: datetime, end: datetime, *conditions: Condition) -> str:
    """The address of the Explorer page, or of its fragment `part`."""
    query = Query("EmailEvents", start, end, conditions)
    return f"/explorer{'/' + part if part else ''}?{parameters_of(query)}"


def page_times(running: Served, paths: dict[str, list[str]], *, rounds: int) -> dict[str, tuple[float, float]]:
    """Page name to (p50, p95) in ms; a page may be several requests, as a browser makes them, their times added."""
    found = {}
    for name, parts in paths.items():
        for part in parts:
            running.get(part)
        times = [sum(timed(lambda part=part: running.get(part)) for part in parts) * 1000 for _ in range(rounds)]
        found[name] = (percentile(times, 0.5), percentile(times, 0.95))
    return found
