"""How soon a block entry counts at its three doors: the milter, inspection, a click. Real processes, a real Postfix.

Each door is asked again and again from before the entry is added; its time is from then to the first answer that knows it.
"""

import json
import secrets
import smtplib
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from benchmarks.serving import served
from benchmarks.workplace import say
from labs import answers, free_ports, wait_until
from labs.postfix import Postfix
from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.connectors.services import accept, add_connection
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.services import add_entry
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.selectors import rows
from watchfloor.response.clicks import policy
from watchfloor.response.clicks.tokens import Link, sign

SMALL: dict[str, Any] = {"rounds": 1}
FULL: dict[str, Any] = {"rounds": 5}
BY = system_actor("benchmark", Permission.CONNECTION_MANAGE, Permission.DETECTION_TUNE)
SECONDS = 60
PAUSE = 0.05


def measure(*, rounds: int = 1) -> dict[str, Any]:
    """`block_effect_s`: the slowest door of all rounds, in seconds."""
    kept = policy.change(
        by=BY, enabled=True, internal=False, override=False, exempt_domains=[], exempt_recipients=[], at=utc_now()
    )
    port, milter = free_ports(2)
    add_connection(
        by=BY,
        name="mx",
        kind="milter",
        settings={"address": f"127.0.0.1:{milter}", "mode": "enforce", "on_failure": "accept"},
    )
    found: dict[str, list[float]] = {"milter": [], "inspection": [], "click": []}
    with served(port), Postfix(milter=f"inet:127.0.0.1:{milter}") as server:
        wait_until(lambda: answers(milter), seconds=SECONDS, what="the milter")
        for _ in range(rounds):
            run = secrets.token_hex(4)
            link = f"http://127.0.0.1:{port}/click/{sign(Link(f'https://click{run}.example/x'), key=kept.key or b'')}"
            gone = f"left{run}@corp.example"
            found["milter"].append(_door(Kind.SENDER, gone, partial(_refused, server, gone)))
            found["inspection"].append(_door(Kind.DOMAIN, f"mail{run}.example", _inspects(run)))
            found["click"].append(_door(Kind.URL, f"click{run}.example", partial(_stopped, link)))
    worst = {name: round(max(times), 2) for name, times in found.items()}
    say("a block entry counts after " + ", ".join(f"{times} s at the {name}" for name, times in worst.items()))
    return {"block_effect_s": max(worst.values())} | {f"block_effect_{name}_s": took for name, took in worst.items()}


def _door(kind: Kind, value: str, blocks: Callable[[], bool]) -> float:
    """Seconds from before the entry is added until the door knows it; it must not know it before."""
    assert not blocks(), f"{value} is blocked already"
    began = time.perf_counter()
    add_entry(by=BY, kind=kind, effect=Effect.BLOCK, value=value, now=utc_now())
    while time.perf_counter() - began < SECONDS:
        if blocks():
            return time.perf_counter() - began
        time.sleep(PAUSE)
    raise AssertionError(f"the entry {value} never counted")


def _refused(server: Postfix, address: str) -> bool:
    """Whether our own mail to a blocked address is refused as it is sent."""
    try:
        server.send(_letter("ada@corp.example", address), mail_from="ada@corp.example", to=[address])
    except smtplib.SMTPDataError as error:
        return error.smtp_code == 550
    return False


def _inspects(run: str) -> Callable[[], bool]:
    """Takes a mail in and waits for its verdict."""

    def blocks() -> bool:
        mark = secrets.token_hex(6)
        accept(
            _letter(f"bo@mail{run}.example", "ada@corp.example", subject=mark),
            source="benchmark", received_at=utc_now(), mail_from=f"bo@mail{run}.example", recipients=("ada@corp.example",),
        )  # fmt: skip
        now = utc_now()
        mine = Condition("Subject", Operator.EQUAL_ANY, (mark,))
        query = Query("EmailEvents", now - timedelta(hours=1), now + timedelta(hours=1), (mine,))
        until = time.monotonic() + SECONDS
        while not (stored := rows(query)) and time.monotonic() < until:
            time.sleep(0.02)
        return bool(stored) and "block domain" in str(stored[0]["TenantEntries"])

    return blocks


def _letter(sender: str, to: str, *, subject: str = "Hello") -> bytes:
    return (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{secrets.token_hex(8)}@bench.example>\r\n"
        f"Date: {utc_now():%a, %d %b %Y %H:%M:%S} +0000\r\n\r\nHello\r\n"
    ).encode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:  # type: ignore[override]
        return None


_opener = urllib.request.build_opener(_Stay())


def _stopped(link: str) -> bool:
    """Whether the click ends on our page rather than leading on."""
    try:
        with _opener.open(link, timeout=10) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        return error.code not in (302, 303)


if __name__ == "__main__":
    print(json.dumps(measure()))
