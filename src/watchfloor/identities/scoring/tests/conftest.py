"""An organisation of a few people, and ways to let events and alerts happen to them."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.detection.services import report_findings
from watchfloor.identities.models import DirectoryPerson
from watchfloor.identities.scoring.alerts import score_alerts
from watchfloor.identities.scoring.events import score_events
from watchfloor.incidents.promotion import promote
from watchfloor.lake.services import append

START = datetime(2026, 10, 1, 9, tzinfo=UTC)


class World:
    """Time passes only when told to."""

    def __init__(self) -> None:
        self.now = START
        self.number = 0

    def person(self, name: str, **more) -> DirectoryPerson:
        usual = {"department": "Sales", "title": "Representative", "first_seen_at": START - timedelta(days=100)}
        return DirectoryPerson.objects.create(
            address=f"{name}@corp.example", name=name.title(), source="t", imported_at=START, **{**usual, **more}
        )

    def row(self, who: DirectoryPerson, *, at: datetime | None = None, **more):
        self.number += 1
        return {
            "Timestamp": at or self.now,
            "AccountUpn": who.address,
            "IPAddress": "192.0.2.7",
            "Country": "DE",
            "City": "Berlin",
            "Latitude": "52.5",
            "Longitude": "13.4",
            "AutonomousSystemNumber": "64496",
            "DeviceName": f"laptop-{who.pk}",
            "Browser": "Edge 120",
            "OSPlatform": "Windows",
            "Application": "Mail",
            "ReportId": f"r{self.number}",
            **more,
        }

    def happen(self, *rows, table: str = "EntraIdSignInEvents") -> int:
        append(table, list(rows))
        return score_events(now=self.now + timedelta(seconds=1))

    def month(self, people, days: int = 20) -> None:
        """Everybody signs in twice a day, so that the organisation is known."""
        rows = []
        for day in range(days):
            for who in people:
                for hour in (0, 4):
                    at = START + timedelta(days=day, hours=hour)
                    rows.append(self.row(who, at=at))
        self.now = START + timedelta(days=days)
        self.happen(*rows)

    def alert(self, *evidence, rule: str = "test.rule", severity: str = "high", key: str = "", title: str = "Odd mail"):
        """A finding becomes an alert, which the score takes in."""
        self.number += 1
        finding = Finding(
            position=0,
            key=f"f{self.number}",
            rule_id=rule,
            title=title,
            severity=severity,
            category="InitialAccess",
            description="d",
            techniques=("T1566",),
            first_activity=self.now,
            last_activity=self.now,
            evidence=tuple(Evidence(EvidenceType(kind), who.address, "", role) for kind, who, role in evidence),
            aggregation_key=key or f"k{self.number}",
        )
        report_findings([finding], now=self.now)
        promote(now=self.now)
        return self.score_alerts()

    def score_alerts(self) -> int:
        return score_alerts(now=self.now + timedelta(seconds=10))


@pytest.fixture
def world(db):
    return World()
