"""What very much mail at once costs the alert policies: processor seconds per 100,000 mails, and per 100,000 removals of a purge.

A flood is mail that meets no policy, a campaign mail to many that meets two of them, both in batches as a mail server's stream and
as an import append them. Beside each stands what the second half costs over the first: 1 where the past of a window
costs nothing.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.workplace import say
from watchfloor.config.slices import load
from watchfloor.detection.services import detect
from watchfloor.lake.services import append
from watchfloor.runtime.services import registered_ticks

FULL: dict[str, Any] = {"mails": 100_000}
SMALL: dict[str, Any] = {"mails": 4_000}
BATCH = 2_000
IN_ONE_LOOK = 400
"""Rows of the events a purge writes at a time."""
RECIPIENTS = 500
"""Of one mail of the campaign."""
Row = dict[str, Any]


def measure(mails: int) -> dict[str, Any]:
    """`mails` that meet no policy, as many of one campaign, and the campaign's removal from every mailbox."""
    load("jobs")
    for tick in registered_ticks():
        if tick.name == "detection":
            tick.run()  # registers the reader
    now = datetime.now(UTC)
    flood = _halves("flood", "EmailEvents", [_mail(number, now) for number in range(mails)], BATCH)
    campaign = _halves("campaign", "EmailEvents", [_campaign(number, now) for number in range(mails)], BATCH)
    removals = _halves(
        "removals", "EmailPostDeliveryEvents", [_removal(number, now) for number in range(mails)], IN_ONE_LOOK
    )
    return {
        f"detection_{name}": value
        for kind, (first, second) in {"flood": flood, "campaign": campaign, "removals": removals}.items()
        for name, value in (
            (f"{kind}_s_per_100k", round((first + second) * 100_000 / mails, 2)),
            (f"{kind}_second_half_ratio", round(second / first, 2)),
        )
    }


def _halves(name: str, table: str, rows: list[Row], batch: int) -> tuple[float, float]:
    """Processor seconds of the policies' looks at the first and at the second half of these rows."""
    middle = len(rows) // 2
    seconds = [_looked_at(table, half, batch) for half in (rows[:middle], rows[middle:])]
    say(f"{len(rows):,} rows of a {name}: {seconds[0]:.2f} s and {seconds[1]:.2f} s of processor time")
    return seconds[0], seconds[1]


def _looked_at(table: str, rows: list[Row], batch: int) -> float:
    for at in range(0, len(rows), batch):
        append(table, rows[at : at + batch])
    began = time.process_time()
    while detect(now=datetime.now(UTC)):
        pass
    return time.process_time() - began


def _mail(number: int, now: datetime) -> Row:
    return {
        "Timestamp": now - timedelta(minutes=1),
        "NetworkMessageId": f"flood-{number}",
        "Subject": f"Minutes of meeting {number % 977}",
        "SenderFromAddress": f"writer{number % 5000}@elsewhere{number % 500}.example",
        "RecipientEmailAddress": f"person{number % 1000}@corp.example",
        "EmailDirection": "Inbound",
        "DeliveryAction": "Delivered",
        "EmailClusterId": number % 5000 + 1,
        "ReportId": f"flood-{number}",
    }


def _campaign(number: int, now: datetime) -> Row:
    return _mail(number, now) | {
        "NetworkMessageId": f"campaign-{number // RECIPIENTS}",
        "Subject": "Overdue invoice",
        "SenderFromAddress": "billing@elsewhere.example",
        "RecipientEmailAddress": f"person{number % RECIPIENTS}@corp.example",
        "ThreatTypes": ["Phish"],
        "ConfidenceLevel": {"Phish": "High"},
        "EmailClusterId": 77_000,
        "ReportId": f"campaign-{number}",
    }


def _removal(number: int, now: datetime) -> Row:
    return {
        "Timestamp": now,
        "NetworkMessageId": f"campaign-{number // RECIPIENTS}",
        "RecipientEmailAddress": f"person{number % RECIPIENTS}@corp.example",
        "Action": "Soft delete",
        "ActionType": "Manual remediation",
        "ActionTrigger": "Admin action",
        "ActionResult": "Success",
        "DeliveryLocation": "Recoverable",
        "ReportId": f"removal-{number}",
    }
