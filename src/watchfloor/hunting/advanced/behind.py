"""What stands behind an alert that hunting raised: the query, who wrote it, and where to run it again (SI-08)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchfloor.hunting.advanced.cells import Cell, Head, cell
from watchfloor.hunting.advanced.page import link
from watchfloor.hunting.advanced.window import Window
from watchfloor.hunting.custom.keeping import FREQUENCIES, span_words
from watchfloor.hunting.models import CustomDetection, LinkedRows, SigmaEntry
from watchfloor.incidents.contracts import AlertSummary

SHOWN = 50
"""Linked rows that a page shows; hunting has them all."""


@dataclass(frozen=True, slots=True)
class Behind:
    """`name` is the rule's, `href` its own page; `run` opens the query with the alert's time and runs it. `rows` are linked ones."""

    kind: str
    name: str
    text: str
    run: str
    href: str = ""
    facts: Sequence[tuple[Any, ...]] = ()
    note: str = ""
    heads: Sequence[Head] = ()
    rows: Sequence[Sequence[Cell]] = ()
    more: int = 0


def is_of_hunting(alert: AlertSummary) -> bool:
    """Whether a rule or a person raised it here; others are raised by the product itself."""
    return alert.rule_id.partition("-")[0] in {"custom", "hunt", "sigma"}


def behind(alert: AlertSummary) -> Behind | None:
    """What raised this alert; None when it was deleted since, or was none of hunting's."""
    kind, _, key = alert.rule_id.partition("-")
    if kind == "custom" and key.isdecimal():
        found = CustomDetection.objects.filter(pk=int(key)).first()
        return _of_detection(found, alert) if found else None
    if kind == "hunt" and key.isdecimal():
        rows = LinkedRows.objects.filter(pk=int(key)).first()
        return of_link(rows) if rows else None
    if kind == "sigma":
        rule = SigmaEntry.objects.filter(sigma_id=key).first()
        return _of_sigma(rule, alert) if rule else None
    return None


def _run(text: str, start: datetime | None, end: datetime | None) -> str:
    return f"{link(text, Window.between(start, end))}&run=1"


def _around(alert: AlertSummary, back: timedelta) -> tuple[datetime, datetime]:
    """The times its rows lie in: from a look-back before the first to a minute after the last (an address knows minutes)."""
    return alert.first_activity - back, alert.last_activity + timedelta(minutes=1)


def _of_detection(row: CustomDetection, alert: AlertSummary) -> Behind:
    back = timedelta(minutes=row.look_back_minutes)
    changed = row.changed_at > alert.created_at
    return Behind(
        "Custom detection",
        row.title,
        row.text,
        _run(row.text, *_around(alert, back)),
        f"/hunting/detections/{row.pk}",
        [
            ("Written by", row.owner_name),
            ("Changed", row.changed_at),
            ("Runs every", FREQUENCIES.get(row.every_minutes, f"{row.every_minutes} minutes")),
            ("Looks back", span_words(row.look_back_minutes)),
            ("Last run", row.last_at),
        ],
        "The detection was changed after this alert; the query below is the newer one." if changed else "",
    )


def _of_sigma(row: SigmaEntry, alert: AlertSummary) -> Behind:
    facts = [("Written by", row.author or "Unknown"), ("Brought by", row.brought_by), ("Last run", row.last_at)]
    back = timedelta(seconds=row.seconds, hours=1)
    return Behind("Sigma rule", row.title, row.kql, _run(row.kql, *_around(alert, back)), row.href, facts)


def of_link(row: LinkedRows) -> Behind:
    """Linked rows with their query."""
    heads = [Head(name, kind) for name, kind in row.columns]
    facts = [("Linked by", row.by_name), ("When", row.at), ("Time searched", row.span), ("Rows", f"{len(row.rows):,}")]
    return Behind(
        "Rows of a query",
        row.title,
        row.text,
        _run(row.text, row.start, row.end),
        f"/hunting/links/{row.pk}",
        facts,
        row.comment,
        heads,
        [[*map(cell, heads, one)] for one in row.rows[:SHOWN]],
        max(0, len(row.rows) - SHOWN),
    )
