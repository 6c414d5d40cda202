"""The cards of the home page, each a class with its permission; a card added here is a card shown."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from watchfloor.access.contracts import Permission
from watchfloor.hunting import selectors as hunting
from watchfloor.identities import selectors as identities
from watchfloor.incidents import selectors as incidents
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Part, Query
from watchfloor.portal.contracts import Card
from watchfloor.response import selectors as response
from watchfloor.runtime import selectors as runtime

SEVERITIES = (("high", "danger"), ("medium", "warning"), ("low", "info"), ("informational", "neutral"))
WEEK = timedelta(days=7)
DAY_SECONDS = 86400
TONES = {"": "neutral", "Spam": "warning", "Phish": "danger", "Malware": "series-4"}
WORDS = {"": "No threat"}
STATE_TONES = {"ok": "success", "warning": "warning", "failing": "danger"}


def last_week(*, now: datetime, conditions: tuple[Part, ...] = ()) -> Query:
    """Mail of the last seven days, today included; whole days in UTC, so that each bar is a day."""
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Query("EmailEvents", tomorrow - WEEK, tomorrow, conditions)


def explorer(query: Query) -> str:
    """Explorer's address of a query."""
    return f"/explorer?{lake.parameters_of(query)}"


class OpenIncidents:
    """How many incidents are open, by severity."""

    key = "open_incidents"
    title = "Open incidents"
    href = "/incidents"
    icon = "alert-triangle"
    permission = Permission.INCIDENT_READ
    width = ""
    lazy = False

    def context(self, *, now: datetime) -> Mapping[str, Any]:
        counts = incidents.open_counts()
        stats = [
            (severity.capitalize(), counts.by_severity.get(severity, 0), f"/incidents?severity={severity}", tone)
            for severity, tone in SEVERITIES
        ]
        return {"counts": counts, "stats": stats}


class MailVolume:
    """Mail per day by verdict."""

    key = "mail_volume"
    title = "Mail in the last 7 days"
    href = "/explorer"
    icon = "mail"
    permission = Permission.EMAIL_METADATA_READ
    width = "wide"
    lazy = True

    def context(self, *, now: datetime) -> Mapping[str, Any]:
        query = last_week(now=now)
        bucketed = lake.over_time(query, pivot="ThreatTypes", step_seconds=DAY_SECONDS)
        series = [
            {
                "name": WORDS.get(name, name),
                "values": list(values),
                "tone": TONES.get(name),
                "href": explorer(last_week(now=now, conditions=_threat(name))) if name else explorer(query),
            }
            for name, values in sorted(bucketed.series.items())
        ]
        total = sum(sum(values) for values in bucketed.series.values())
        categories = [f"{time:%a %d %b}" for time in bucketed.times]
        return {"total": total, "data": {"categories": categories, "series": series}}


def _threat(*names: str) -> tuple[Condition, ...]:
    return (Condition("ThreatTypes", Operator.EQUAL_ANY, names),)


class TopTargeted:
    """Who got most of the mail with malware or phish."""

    key = "top_targeted"
    title = "Top targeted users"
    href = "/explorer?range=7d&tab=targets"
    icon = "target"
    permission = Permission.EMAIL_METADATA_READ
    width = ""
    lazy = True

    def context(self, *, now: datetime) -> Mapping[str, Any]:
        query = last_week(now=now, conditions=_threat("Malware", "Phish"))
        ranking = lake.top(query, column="RecipientEmailAddress", limit=6)
        known = identities.people_by_address(address for address, _ in ranking)
        rows = []
        for address, count in ranking:
            mine = Condition("RecipientEmailAddress", Operator.EQUAL_ANY, (address,))
            entry = known.get(address)
            href = explorer(last_week(now=now, conditions=(*query.conditions, mine)))
            rows.append({"name": entry.name if entry else "", "address": address, "count": count, "href": href})
        return {"rows": rows}


class Riskiest:
    """Top users by investigation priority (US-37)."""

    key = "riskiest"
    title = "Top users by investigation priority"
    href = "/identities?sort=score"
    icon = "flame"
    permission = Permission.IDENTITY_READ
    width = ""
    lazy = False

    def context(self, *, now: datetime) -> Mapping[str, Any]:
        return {"rows": identities.riskiest(6)}


class RecentAlerts:
    """The newest alerts."""

    key = "recent_alerts"
    title = "Recent alerts"
    href = "/alerts"
    icon = "bell"
    permission = Permission.INCIDENT_READ
    width = "wide"
    lazy = True

    def context(self, *, now: datetime) -> Mapping[str, Any]:
        query = Query("AlertInfo", now - timedelta(days=30), now + timedelta(days=1))
        rows = lake.rows(
            query, columns=("Timestamp", "AlertId", "Title", "Severity", "Category", "DetectionSource"), limit=24
        )
        newest = {row["AlertId"]: row for row in reversed(rows)}
        latest = sorted(newest.values(), key=lambda row: row["Timestamp"], reverse=True)[:6]
        return {"rows": [{**row, "href": f"/alerts/{quote(row['AlertId'], safe='')}"} for row in latest]}


class Actions:
    """What waits for an approval and what runs."""

    key = "actions"
    title = "Action center"
    href = "/action-center"
    icon = "checklist"
    permission = Permission.ACTION_CENTER_READ
    width = ""
    lazy = False

    def context(self, *, now: datetime) -> Mapping[str, Any]:
        return {"counts": response.tab_counts()}


class Sources:
    """How the parts of the product are, failing ones first."""

    key = "sources"
    title = "Health"
    href = "/settings/connections"
    icon = "activity"
    permission = Permission.SETTINGS_READ
    width = ""
    lazy = False

    def context(self, *, now: datetime) -> Mapping[str, Any]:
        parts = [(part, STATE_TONES.get(part.state, "neutral")) for part in runtime.health()]
        troubled = [(part, tone) for part, tone in parts if part.state != "ok"]
        return {"parts": parts, "troubled": troubled, "well": len(parts) - len(troubled)}


class Campaigns:
    """Campaigns of the last eight days, the busiest today first, and what is tracked for everybody (S003-06)."""

    key = "campaigns"
    title = "Trending campaigns and trackers"
    href = "/trackers?tab=trending"
    icon = "radar"
    permission = Permission.EMAIL_METADATA_READ
    width = "wide"
    lazy = True

    def context(self, *, now: datetime) -> Mapping[str, Any]:
        return {"campaigns": hunting.trending_campaigns(now=now)[:5], "trackers": hunting.shared_trackers(limit=5)}


CARDS: tuple[Card, ...] = (
    OpenIncidents(),
    Actions(),
    MailVolume(),
    RecentAlerts(),
    TopTargeted(),
    Riskiest(),
    Campaigns(),
    Sources(),
)


def card(key: str) -> Card | None:
    """The card of a key."""
    return next((one for one in CARDS if one.key == key), None)
