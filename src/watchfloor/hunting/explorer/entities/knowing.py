"""What every fly-out asks: mails with the entity, alerts that name it, entries about it, people and devices that met it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from watchfloor.access.contracts import Actor, Permission
from watchfloor.hunting.explorer.cells import address_of_mail
from watchfloor.hunting.explorer.filters import raw_of
from watchfloor.hunting.explorer.narrowing import narrowed
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.incidents.contracts import AlertSummary
from watchfloor.incidents.selectors import alert
from watchfloor.intelligence.contracts import EntryLine, Kind
from watchfloor.intelligence.selectors import EntryFilter, entries, entry_lines
from watchfloor.kernel.errors import NotFound
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.selectors import Order, Values
from watchfloor.mail.selectors import why_not

BACK = timedelta(days=30)
AHEAD = timedelta(days=1)
SHOWN = 5
ALERTS = 3
MOST_ALERTS = 1000
SEVERITIES = ("high", "medium", "low", "informational")


@dataclass(frozen=True, slots=True)
class About:
    """One entity: who asks, when, in which question, and the column and value that name it."""

    state: ExplorerState
    by: Actor
    now: datetime
    column: str
    value: str

    def query(self, table: str, *conditions: Condition) -> Query:
        """Rows of the last thirty days."""
        return Query(table, self.now - BACK, self.now + AHEAD, conditions)

    def values(
        self, table: str, column: str, *conditions: Condition, splits: Sequence[Condition] = ()
    ) -> Values | None:
        """The commonest values of a column among those rows; None for who may not read the table."""
        if not self.by.may(lake.table(table).permission):
            return None
        return lake.values(self.query(table, *conditions), column=column, limit=SHOWN, splits=splits)


@dataclass(frozen=True, slots=True)
class MailLine:
    """One mail of the list; `other` is the end of it that is not the entity itself."""

    at: datetime
    subject: str
    sender: str
    recipient: str
    other: str
    threats: tuple[str, ...]
    href: str


@dataclass(frozen=True, slots=True)
class Mails:
    """The newest few, how many there are, where all of them are, and what became of them."""

    lines: tuple[MailLine, ...]
    total: int
    all_href: str
    by_action: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Alerts:
    """The newest few, how many there are, how many of each severity."""

    lines: tuple[AlertSummary, ...]
    total: int
    by_severity: tuple[tuple[str, int], ...]
    all_href: str


@dataclass(frozen=True, slots=True)
class Action:
    """One button: `href` "" and the reason in `why` where the reader may not."""

    label: str
    href: str
    icon: str
    why: str = ""
    kind: str = "secondary"


def equal(column: str, *values: str) -> Condition:
    return Condition(column, Operator.EQUAL_ANY, values)


def mails(about: About) -> Mails:
    """Mail of the last thirty days with this value."""
    condition = equal(about.column, about.value)
    query = about.query("EmailEvents", condition)
    rows = lake.rows(
        query,
        columns=(
            "Timestamp",
            "NetworkMessageId",
            "RecipientEmailAddress",
            "Subject",
            "SenderFromAddress",
            "ThreatTypes",
        ),
        limit=SHOWN,
    )
    actions = lake.values(query, column="DeliveryAction")
    return Mails(
        lines=tuple(_line(row, about) for row in rows),
        total=actions.rows + actions.empty,
        all_href=f"/explorer?{urlencode([('range', '30d'), ('f', raw_of(condition))])}",
        by_action=tuple((one.value, one.rows) for one in actions.found),
    )


def _line(row: dict[str, Any], about: About) -> MailLine:
    end = "SenderFromAddress" if about.column == "RecipientEmailAddress" else "RecipientEmailAddress"
    return MailLine(
        at=row["Timestamp"],
        subject=visible(row["Subject"]) or "(no subject)",
        sender=visible(row["SenderFromAddress"]),
        recipient=visible(row["RecipientEmailAddress"]),
        other=visible(row[end]),
        threats=lake.values_of(row, "ThreatTypes"),
        href=address_of_mail(row),
    )


def alerts(about: About, *conditions: Condition) -> Alerts | None:
    """Alerts whose evidence fulfils one of the conditions; None for who may not read alerts."""
    if not about.by.may(Permission.INCIDENT_READ):
        return None
    start, end = about.now - timedelta(days=180), about.now + AHEAD
    query = Query("AlertEvidence", start, end, conditions, any_of=len(conditions) > 1)
    severe = [equal("Severity", severity) for severity in SEVERITIES]
    found = lake.values(query, column="AlertId", order=Order("last"), limit=MOST_ALERTS, splits=severe)
    counts = [sum(1 for one in found.found if one.splits[place]) for place in range(len(SEVERITIES))]
    return Alerts(
        lines=tuple(_known(one.value for one in found.found[: ALERTS * 2]))[:ALERTS],
        total=found.distinct,
        by_severity=tuple((name, count) for name, count in zip(SEVERITIES, counts, strict=True) if count),
        all_href=f"/alerts?{urlencode({'search': about.value})}",
    )


def _known(ids: Iterable[str]) -> Iterable[AlertSummary]:
    """The lake keeps evidence longer than the register keeps alerts."""
    for one in ids:
        try:
            yield alert(one)
        except NotFound:
            continue


def entries_about(about: About, *parts: str) -> tuple[EntryLine, ...]:
    """Entries in force whose value is one of these, exactly or with wildcards at its ends."""
    if not about.by.may(Permission.SETTINGS_READ):
        return ()
    wanted = {part.lower() for part in parts if part}
    found = entries(EntryFilter(text=min(wanted, key=len)), now=about.now)[:200] if wanted else ()
    return tuple(
        one for one in entry_lines(found, now=about.now) if one.value.strip("*.~").removesuffix("/*").lower() in wanted
    )[:SHOWN]


def actions(about: About, *, hunt: str, block: Kind | None, block_value: str = "") -> tuple[Action, ...]:
    """View in Explorer, go hunt, block: what the fly-out of anything offers."""
    only = narrowed(about.state, about.column, about.value, tab=about.state.view.tabs[0])
    found = [
        Action("View in Explorer", mails_href(about), "search", kind="primary"),
        Action("Only this here", only, "filter"),
        Action("Go hunt", f"/hunting?{urlencode({'query': hunt, 'range': '30d', 'run': '1'})}", "crosshair"),
    ]
    if block is not None:
        found.append(_block(about, block, block_value or about.value))
    return tuple(one for one in found if one.href or one.why)


def mails_href(about: About) -> str:
    """Explorer, asked for the last thirty days' mail with this value."""
    return f"/explorer?{urlencode([('range', '30d'), ('f', raw_of(equal(about.column, about.value)))])}"


def _block(about: About, kind: Kind, value: str) -> Action:
    if not about.by.may(Permission.DETECTION_TUNE):
        return Action("Block", "", "ban", why_not(Permission.DETECTION_TUNE))
    filled = urlencode({"kind": kind.value, "value": value, "effect": "block"})
    return Action("Block", f"/settings/allow-block-list/add?{filled}", "ban", kind="danger")


def literal(value: str) -> str:
    """A text of KQL that says exactly this."""
    return json.dumps(value)
