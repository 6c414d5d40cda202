"""Findings as detection would make them, and the tick that turns them into alerts."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import actor_of, system_actor
from watchfloor.detection.models import FindingRecord
from watchfloor.incidents.models import Alert
from watchfloor.incidents.promotion import promote

T0 = datetime(2026, 11, 2, 9, tzinfo=UTC)


def message(number, subject="Your mailbox is full"):
    return ["analyzedMessage", f"m-{number}", subject, "source", "malicious"]


def sender(address="billing@x.example"):
    return ["sender", address, "Billing", "source", "suspicious"]


def url(address="https://login.x.example/mailbox"):
    return ["url", address, "", "source", "suspicious"]


def mailbox(address="ada@corp.example", role="impacted"):
    return ["mailbox", address, "", role, "unknown"]


def user(address="ada@corp.example", role="impacted"):
    return ["user", address, "", role, "unknown"]


def cluster(number):
    return ["mailCluster", str(number), "", "source", "suspicious"]


def ip(address):
    return ["ip", address, "", "source", "suspicious"]


class Findings:
    """Writes findings; `promote` runs the tick."""

    def __init__(self):
        self.number = 0

    def add(self, *evidence, at=T0, **fields):
        self.number += 1
        body = {
            "title": "Malicious mail delivered",
            "severity": "high",
            "category": "InitialAccess",
            "description": "A mail was delivered.",
            "techniques": ["T1566"],
            "aggregation_key": f"key-{self.number}",
            "aggregation_seconds": 86400,
            "hits": 1,
            "explanation": ["threat type is “Phish” (found: Phish)"],
            "omitted": 0,
        } | fields
        rule_id = body.pop("rule_id", "malicious-mail-delivered")
        key = body.pop("key", f"finding-{self.number}")
        return FindingRecord.objects.create(
            key=key,
            rule_id=rule_id,
            made_at=at,
            first_activity=at,
            last_activity=at,
            body=body | {"evidence": [list(item) for item in evidence]},
        )

    def raised(self, *evidence, at=T0, **fields):
        """Add one finding, run the tick, return its alert."""
        record = self.add(*evidence, at=at, **fields)
        self.promote(at + timedelta(minutes=1))
        return Alert.objects.get(finding_key=record.key)

    def promote(self, now=T0 + timedelta(minutes=1)):
        done = 0
        while count := promote(now=now):
            done += count
        return done


@pytest.fixture
def findings(db):
    return Findings()


@pytest.fixture
def by_ada(ada):
    return actor_of(ada)


@pytest.fixture
def by_eve(eve):
    return actor_of(eve)


@pytest.fixture
def machine():
    return system_actor("test", Permission.INCIDENT_MANAGE)


@pytest.fixture
def make():
    """The evidence makers by name, as importlib mode shares no modules between tests."""

    class Makers:
        message = staticmethod(message)
        sender = staticmethod(sender)
        url = staticmethod(url)
        mailbox = staticmethod(mailbox)
        user = staticmethod(user)
        cluster = staticmethod(cluster)
        ip = staticmethod(ip)
        start = T0

    return Makers
