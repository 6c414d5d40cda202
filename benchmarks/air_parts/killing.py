"""Investigations at work while the worker is killed again and again: all finish, and nothing takes effect twice."""

import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db.models import Count

from benchmarks.air_parts.walking import begun
from benchmarks.workplace import say, tree_of
from tests.stories.killing import environ_of, kill, start
from watchfloor.config.slices import load
from watchfloor.investigations.contracts import Status
from watchfloor.investigations.models import Investigation, Recommendation, Step
from watchfloor.investigations.playbook import playbook_of
from watchfloor.lake.services import append
from watchfloor.response import selectors as response
from watchfloor.response.contracts import Listing

SMALL: dict[str, Any] = {"investigations": 3}
FULL = {"investigations": 200, "every_s": 5.0}
LONGEST_S = 1800
OURS = Investigation.objects.filter(playbook="reported-phish")
"""Not those that the worker's own alerts begin meanwhile."""
WORKING = (Status.QUEUED.value, Status.RUNNING.value)


def measure(investigations: int = 8, every_s: float = 0, *, kills: int = 1) -> dict[str, Any]:
    """`every_s` kills the worker every so many seconds until all is done; without it `kills` times, at shares of the work."""
    load("jobs")
    _fill(investigations)
    killed, seconds = _until_done(investigations, every_s, kills)
    done = OURS.filter(status=Status.PENDING.value).count()
    return {
        "finished_after_kills": done / investigations,
        "steps_done_twice": _twice(),
        "kills": killed,
        "killed_investigations": investigations,
        "killed_s": round(seconds, 1),
    }


def _fill(investigations: int) -> None:
    now = datetime.now(UTC)
    for number in range(investigations):
        message = str(uuid4())
        append("EmailEvents", [_row(message, number, who, now) for who in ("ann", "bob")])
        begun(message, name=f"Killed {number}")


def _row(message: str, number: int, who: str, now: datetime) -> dict[str, Any]:
    return {
        "Timestamp": now - timedelta(hours=1),
        "NetworkMessageId": message,
        "InternetMessageId": f"<{message}@elsewhere.example>",
        "SenderFromAddress": f"it@killed{number}.example",
        "SenderFromDomain": f"killed{number}.example",
        "SenderIP": "198.51.100.7",
        "EmailClusterId": 50_000 + number,
        "RecipientEmailAddress": f"{who}@corp.example",
        "Subject": f"Killed {number}",
        "EmailDirection": "Inbound",
        "DeliveryAction": "Delivered",
        "DeliveryLocation": "Inbox/folder",
        "LatestDeliveryLocation": "Inbox/folder",
        "ThreatTypes": ["Phish"],
        "ConfidenceLevel": '{"Phish":"High"}',
        "ReportId": f"{message}-{who}",
    }


def _until_done(number: int, every_s: float, kills: int) -> tuple[int, float]:
    """Kills done, and seconds until no investigation is at work."""
    began, killed = time.monotonic(), 0
    steps = len(playbook_of("reported-phish").questions) * number
    worker, since = _worker(), time.monotonic()
    try:
        while OURS.filter(status__in=WORKING).exists():
            now = time.monotonic()
            share = Step.objects.filter(investigation__in=OURS).count() / steps
            due = now - since >= every_s if every_s else killed < kills and share > (killed + 0.5) / (kills + 1)
            if due:
                _kill_at_work(worker)
                killed += 1
                say(f"{now - began:4.0f} s: killed at {Step.objects.count():,} of {steps:,} steps")
                since = time.monotonic()
            if worker.poll() is not None:  # it died young: the supervisor would start it anew
                worker = _worker()
            if now - began > LONGEST_S:
                break
            time.sleep(0.05)
    finally:
        kill(worker)
    return killed, time.monotonic() - began


def _worker() -> "Popen[bytes]":
    home = Path(settings.HOME)
    return start("-m", "watchfloor.config.worker", environ=environ_of(home), log=home / "worker.log")


def _kill_at_work(worker: "Popen[bytes]") -> None:
    """`kill -9` to the process that does the work: the one forked last below the one that forks."""
    if below := tree_of(worker.pid)[1:]:
        os.kill(below[0], signal.SIGKILL)


def _twice() -> int:
    """Steps kept twice, and proposals in the action center that no single recommendation stands for."""
    doubled = Step.objects.values("investigation", "run", "key").annotate(n=Count("pk")).filter(n__gt=1).count()
    named = set(Recommendation.objects.exclude(remediation_id="").values_list("remediation_id", flat=True))
    proposed = response.listed(Listing(tab="pending", period="all"), now=datetime.now(UTC))
    proposals = {str(pk) for pk in proposed.values_list("pk", flat=True)}
    return doubled + len(proposals ^ named)
