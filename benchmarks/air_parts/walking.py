"""One investigation over a large lake, and how many may start in a second."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import uuid4

from benchmarks.workplace import say
from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.config.slices import load
from watchfloor.investigations import engine, recommending
from watchfloor.investigations.contracts import Cause, Seeds
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.services import start
from watchfloor.lake.services import append

SMALL: dict[str, Any] = {"mails": 5_000, "investigations": 3}
FULL = {"mails": 1_000_000, "investigations": 21, "starts": 2_000}
BENCH = system_actor("benchmark", Permission.EMAIL_ACTION_PROPOSE)
CHUNK = 5_000
PHISH_EVERY = 1_000


def measure(mails: int = 10_000, investigations: int = 5, starts: int = 100) -> dict[str, Any]:
    """The median of `investigations` reported mails among `mails`; `starts` made durable."""
    load("jobs")
    reported = _filled(mails)
    processor = time.process_time()
    seconds = [_investigated(one) for one in reported[:investigations]]
    processor = time.process_time() - processor
    say(f"one investigation over {mails:,} mails: {median(seconds):.2f} s, at most {max(seconds):.2f} s")
    return {
        "investigation_median_s": round(median(seconds), 2),
        "investigation_mails": mails,
        "investigation_processor_s": round(processor / len(seconds), 2),
        "starts_per_s": round(_starts_per_s(starts), 1),
    }


def _filled(mails: int) -> list[str]:
    """So many mails over ten days, one campaign of phish among a thousand others; the ids of its mails, largest first."""
    now = datetime.now(UTC)
    phish: list[str] = []
    for begin in range(0, mails, CHUNK):
        append("EmailEvents", list(_rows(begin, min(CHUNK, mails - begin), now, phish)))
    return phish


def _rows(begin: int, number: int, now: datetime, phish: list[str]) -> Iterator[dict[str, Any]]:
    for place in range(begin, begin + number):
        message = str(uuid4())
        bad = place % PHISH_EVERY == 0
        if bad:
            phish.append(message)
        group = 0 if bad else place % 997 + 1
        yield {
            "Timestamp": now - timedelta(seconds=place % 864_000 + 60),
            "NetworkMessageId": message,
            "InternetMessageId": f"<{message}@elsewhere.example>",
            "SenderFromAddress": f"sender@d{group}.example",
            "SenderFromDomain": f"d{group}.example",
            "SenderIP": f"198.51.{group // 250}.{group % 250}",
            "EmailClusterId": 10_000 + group,
            "RecipientEmailAddress": f"p{place % 5000}@corp.example",
            "Subject": f"Subject {group}",
            "EmailDirection": "Inbound",
            "DeliveryAction": "Delivered",
            "DeliveryLocation": "Inbox/folder",
            "LatestDeliveryLocation": "Inbox/folder",
            "ThreatTypes": ["Phish"] if bad and place % (2 * PHISH_EVERY) else [],
            "ConfidenceLevel": '{"Phish":"High"}' if bad and place % (2 * PHISH_EVERY) else "",
            "ReportId": message,
        }


def begun(*messages: str, name: str, key: str = "") -> Investigation:
    """One investigation of reported mails, its row and its job made durable."""
    cause = Cause("reported-phish", key or name, name, Seeds(messages=messages))
    return start(by=BENCH, cause=cause, at=datetime.now(UTC))


def _investigated(message: str) -> float:
    """From the trigger to the recommendations, in this thread."""
    began = time.perf_counter()
    found = begun(message, name=f"Reported {message}")
    for key in engine.begin(found.pk, now=datetime.now(UTC)):
        engine.work(found.pk, 1, key, now=datetime.now(UTC))
    recommending.conclude(found.pk, 1, now=datetime.now(UTC))
    return time.perf_counter() - began


def _starts_per_s(starts: int) -> float:
    """Rows, audit entries and queued jobs, all on disk when `start` returns."""
    began = time.perf_counter()
    for number in range(starts):
        begun(str(uuid4()), name=f"Start {number}")
    return starts / (time.perf_counter() - began)
