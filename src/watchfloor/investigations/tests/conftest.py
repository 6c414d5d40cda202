"""A phish in the lake, and an investigation walked in the test's own thread as the worker's job would walk it."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.investigations import engine, queueing, recommending
from watchfloor.investigations.contracts import Cause, Seeds
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.services import start
from watchfloor.lake import services as lake

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"
HIGH = '{"Phish":"High"}'


def email_row(message: str, recipient: str, **facts):
    """One row of EmailEvents."""
    location = facts.get("DeliveryLocation", "Inbox/folder")
    return {
        "LatestDeliveryLocation": location,
        "Timestamp": NOW - timedelta(hours=1),
        "NetworkMessageId": message,
        "InternetMessageId": f"<{message}@elsewhere.example>",
        "SenderFromAddress": "it-support@elsewhere.example",
        "SenderFromDomain": "elsewhere.example",
        "SenderIP": "192.0.2.66",
        "EmailClusterId": 71,
        "RecipientEmailAddress": recipient,
        "Subject": "Your password ends today",
        "EmailDirection": "Inbound",
        "DeliveryAction": "Delivered",
        "DeliveryLocation": "Inbox/folder",
        "ThreatTypes": ["Phish"],
        "ConfidenceLevel": HIGH,
        "ReportId": f"{message}-{recipient}",
        **facts,
    }


@pytest.fixture
def queued(monkeypatch):
    """The jobs that were asked for, instead of the worker's queue."""
    asked = []
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, **options: asked.append((arguments, options)))
    return asked


@pytest.fixture
def phish(db):
    """The phish in two inboxes and one junk folder, outside once; a clean mail of somebody else beside it."""
    rows = [email_row(PHISH, f"{name}@corp.example") for name in ("ann", "bob")]
    rows += [
        email_row(PHISH, "cat@corp.example", DeliveryLocation="Junk folder", DeliveryAction="Junked"),
        email_row(PHISH, "dan@partner.example", DeliveryLocation="On-prem/external"),
        email_row(
            "22222222-2222-4222-8222-222222222222",
            "ann@corp.example",
            Subject="Lunch",
            ThreatTypes=[],
            ConfidenceLevel="",
            SenderFromAddress="bob@corp.example",
            SenderFromDomain="corp.example",
            SenderIP="192.0.2.1",
            EmailClusterId=5,
        ),
    ]
    lake.append("EmailEvents", rows)
    return PHISH


@pytest.fixture
def analyst(ada):
    return actor_of(ada)


def walked(investigation: Investigation, *, at: datetime = NOW) -> Investigation:
    """Do what the worker's job does."""
    run = investigation.run
    for place, key in enumerate(engine.begin(investigation.pk, now=at)):
        engine.work(investigation.pk, run, key, now=at + timedelta(seconds=place))
    recommending.conclude(investigation.pk, run, now=at + timedelta(seconds=30))
    investigation.refresh_from_db()
    return investigation


@pytest.fixture
def begun(analyst, queued):
    """Start an investigation by hand of mails (or people, or URLs) and walk it."""

    def begin(*messages: str, playbook: str = "manual-mail", at: datetime = NOW, **seeds) -> Investigation:
        given = Seeds(messages=messages, **{name: tuple(values) for name, values in seeds.items()})
        cause = Cause(playbook, "by hand", "By hand", given)
        return walked(start(by=analyst, cause=cause, at=at), at=at)

    return begin
