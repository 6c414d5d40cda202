"""How long after a mail was accepted its row stands in Explorer's live table, asked for as the page asks: once a second.

`python benchmarks/explorer_parts/live.py [MAILS]` makes a home of its own with so many synthetic mails and prints the figures.
"""

import json
import os
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "benchmarks")) if path not in sys.path]

EVERY_S = 1.0
"""How often the page asks (live.js)."""
TRIES = 5
QUIET_POLLS = 20


class Running(Protocol):
    """A signed-in browser of the plainest kind: `benchmarks.serving.Served`."""

    base: str
    opener: Any

    def get(self, path: str) -> str: ...


def measure(home: Path, *, running: Running | None = None, tries: int = TRIES) -> dict[str, float]:
    """The figures of a prepared `home` whose person is `serving.EMAIL`; without a `running` server one is started for them."""
    if running is not None:
        return figures(running, tries=tries)
    from benchmarks.serving import served
    from labs import free_ports

    os.environ["WATCHFLOOR_HOME"] = str(home)
    (port,) = free_ports(1)
    with served(port) as started:
        started.sign_in()
        return figures(started, tries=tries)


def figures(running: Running, *, tries: int) -> dict[str, float]:
    """`live_tail_s` is the worst of `tries` delays, `live_tail_median_s` the middle one; `live_poll_ms` a question without an answer.

    A delay counts from the accepting call's return until the row is in an answer; the page asks on its own beat, whatever the
    moment a mail comes. The first mail after a start waits for the worker to stand: it comes before and is not counted.
    """
    _delay(running, _cursor(running.get("/explorer/results?range=24h&live=1")), mark=f"first{os.getpid()}")
    delays = []
    for number in range(tries):
        page = running.get("/explorer/results?range=24h&live=1")
        after = _cursor(page)
        time.sleep(EVERY_S * number / tries)  # mails come at any moment between two questions
        delays.append(_delay(running, after, mark=f"live{number}x{os.getpid()}"))
    delays.sort()
    return {
        "live_tail_s": round(delays[-1], 2),
        "live_tail_median_s": round(delays[len(delays) // 2], 2),
        "live_poll_ms": round(_quiet(running), 1),
    }


def _cursor(page: str) -> str:
    found = re.search(r'data-after="([\d.]+)"', page)
    assert found, "the page is not live"
    return found[1]


def _delay(running: Running, after: str, *, mark: str) -> float:
    from watchfloor.connectors.services import accept

    beat = time.perf_counter() + EVERY_S / 2
    now = datetime.now(UTC)
    raw = (
        f"From: Max <max@elsewhere.example>\r\nTo: ada@corp.example\r\nSubject: {mark}\r\n"
        f"Date: {now:%a, %d %b %Y %H:%M:%S} +0000\r\nMessage-ID: <{mark}@elsewhere.example>\r\n\r\nHello\r\n"
    ).encode()
    accept(
        raw, source="benchmark", received_at=now, mail_from="max@elsewhere.example", recipients=("ada@corp.example",)
    )
    accepted = time.perf_counter()
    while time.perf_counter() - accepted < 60:
        time.sleep(max(0.0, beat - time.perf_counter()))
        after, rows = _ask(running, after)
        if mark in rows:
            return time.perf_counter() - accepted
        beat += EVERY_S
    raise AssertionError("the row never came")


def _ask(running: Running, after: str) -> tuple[str, str]:
    with running.opener.open(f"{running.base}/explorer/live?range=24h&live=1&after={after}", timeout=30) as answer:
        return answer.headers["X-Live-Cursor"], answer.read().decode()


def _quiet(running: Running) -> float:
    """Milliseconds of one question where nothing came in, the median of some."""
    after = _cursor(running.get("/explorer/results?range=24h&live=1"))
    times = []
    for _ in range(QUIET_POLLS):
        began = time.perf_counter()
        after, _rows = _ask(running, after)
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[len(times) // 2]


def main() -> None:
    from benchmarks.workplace import own_home

    home = own_home()
    import django

    django.setup()
    from benchmarks.serving import EMAIL, PASSWORD
    from benchmarks.synthetic import write_mails
    from watchfloor.access.services import add_person
    from watchfloor.config.preparing import prepare
    from watchfloor.config.slices import load

    prepare()
    load("jobs")
    add_person(email=EMAIL, name="Bench", password=PASSWORD, roles=["Global Administrator"], by=None)
    mails = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    write_mails(home, mails, until=datetime.now(UTC))
    print(json.dumps({**measure(home), "mails": mails}))


if __name__ == "__main__":
    main()
