"""Rules of unusual volume: counted in the lake, held against their own past, each window once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.connectors.selectors import tenant_facts
from watchfloor.detection.activities import activities_of
from watchfloor.detection.contracts import Finding, Rule
from watchfloor.detection.evaluation import Related, evidence_of
from watchfloor.detection.history import LakeHistory, query_of
from watchfloor.detection.models import VolumeLook
from watchfloor.detection.reported import report_findings
from watchfloor.detection.selectors import enabled_rules
from watchfloor.detection.volume import Window, judged
from watchfloor.detection.words import fill, rule_words, span_words
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import ColumnType, Query

SETTLED = timedelta(minutes=5)
"""Rows of a window may come in so much later."""
FARTHEST_BACK = timedelta(days=1)
ROWS_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Volume:
    """Windows of a rule, oldest first, and since when its table holds anything (None: it holds nothing)."""

    windows: tuple[Window, ...]
    known_from: datetime | None
    step: timedelta

    @property
    def chart(self) -> dict[str, Any]:
        """Rows beside what was expected at most."""
        times = "%d %b %H:%M" if self.step < timedelta(days=1) else "%d %b"
        return {
            "categories": [f"{one.start:{times}}" for one in self.windows],
            "series": [
                {"name": "Counted", "values": [one.count for one in self.windows]},
                {
                    "name": "Expected at most",
                    "values": [round(one.high) if one.learned else None for one in self.windows],
                },
                {
                    "name": "Expected at least",
                    "values": [round(one.low) if one.learned else None for one in self.windows],
                },
            ],
        }


def volume(rule: Rule, *, start: datetime, end: datetime) -> Volume:
    """The windows of a rule that lie wholly in [start, end), each with what the days before lead to expect. Two questions."""
    assert rule.unusual is not None
    step, days = rule.unusual.window, rule.unusual.baseline_days
    first = _floor(start - timedelta(days=days), step)
    last = _floor(end, step)
    if last <= first:
        return Volume((), None, step)
    query = query_of(rule, start=first, end=last)
    found = lake.over_time(query, pivot=_pivot(rule.table), step_seconds=int(step.total_seconds()), top=50)
    counts = [sum(column) for column in zip(*found.series.values(), strict=True)] or [0] * len(found.times)
    oldest = lake.rows(Query(rule.table, first, last), columns=("Timestamp",), descending=False, limit=1)
    if not oldest:
        return Volume((), None, step)
    known = oldest[0]["Timestamp"]
    # The window in which recording began is not whole, so it teaches nothing.
    whole = known if known < first + step else _floor(known, step) + step
    windows = judged(found.times, counts, step=step, days=days, known_from=whole, after=_floor(start, step))
    return Volume(tuple(windows), known, step)


def _floor(at: datetime, step: timedelta) -> datetime:
    seconds = int(step.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)


def _pivot(table: str) -> str:
    """A column with few values, as a count over time is asked by one."""
    columns = lake.table(table).columns
    few = (one.name for one in columns if not one.listed and (one.choices or one.type is ColumnType.BOOL))
    return next(few, "ActionType" if lake.table(table).has("ActionType") else "Application")


def look_at_volumes(*, now: datetime) -> int:
    """Hold the windows that ended since the last look against their past; returns how many findings are new."""
    new = 0
    for rule in enabled_rules():
        if rule.unusual is not None:
            new += _look(rule, now=now)
    return new


def _look(rule: Rule, *, now: datetime) -> int:
    assert rule.unusual is not None
    end = _floor(now - SETTLED, rule.unusual.window)
    look = VolumeLook.objects.filter(rule_id=rule.id).first()
    start = max(look.until if look else end - rule.unusual.window, end - max(FARTHEST_BACK, rule.unusual.window))
    if start >= end:
        return 0
    seen = volume(rule, start=start, end=end)
    found = [_finding(rule, one) for one in seen.windows if one.unusual(rule.unusual.least)]
    new = report_findings(found, now=now)
    VolumeLook.objects.update_or_create(rule_id=rule.id, defaults={"until": end})
    return new


def _finding(rule: Rule, window: Window) -> Finding:
    assert rule.unusual is not None
    end = window.start + rule.unusual.window
    rows = lake.rows(query_of(rule, start=window.start, end=end), limit=ROWS_SHOWN)
    related = Related(LakeHistory(tenant_facts().own_domains), rule)
    evidence, omitted = evidence_of(rule, rows, related)
    return Finding(
        position=0,
        key=hashlib.sha256(f"{rule.id}\nvolume\n{window.start.isoformat()}".encode()).hexdigest(),
        rule_id=rule.id,
        title=rule.title,
        severity=rule.severity,
        category=rule.category,
        description=f"{sentence_of(window, rule)} {fill(rule.story, rows, related.values)}".strip(),
        techniques=rule.techniques,
        first_activity=window.start,
        last_activity=end,
        evidence=evidence,
        aggregation_key="volume",
        aggregation_seconds=int(rule.aggregation.window.total_seconds()),
        hits=window.count,
        explanation=(*rule_words(replace(rule, unusual=None)), sentence_of(window, rule)),
        omitted=omitted + max(0, window.count - len(rows)),
        activities=activities_of(rows),
    )


def sentence_of(window: Window, rule: Rule) -> str:
    """“1,204 within 1 hour from 22 Nov 14:00 UTC; 20 to 90 were expected, by the same hour of the days before (14 of them).”"""
    assert rule.unusual is not None
    return (
        f"{window.count:,} within {span_words(rule.unusual.window)} from {window.start:%d %b %H:%M} UTC; "
        f"{window.low:,.0f} to {window.high:,.0f} were expected, by {window.how} ({window.learned:,} of them)."
    )


def learned_words(seen: Volume, rule: Rule, *, now: datetime) -> str:
    """How much past the rule has to go by."""
    assert rule.unusual is not None
    if seen.known_from is None:
        return "Nothing is known yet of what it counts; it begins to judge when a day of it is known."
    days = (now - seen.known_from).total_seconds() / 86400
    if days < 1:
        return f"Learning: {days * 24:.0f} hours are known; it begins to judge when a day is known."
    if days < rule.unusual.baseline_days:
        return f"Judges by the {days:.0f} day{'' if round(days) == 1 else 's'} known so far, of {rule.unusual.baseline_days} it looks back; it grows surer with each day."
    return f"Judges by the last {rule.unusual.baseline_days} days."


def latest(seen: Volume) -> Sequence[Window]:
    """The windows that were out of the band, newest first."""
    return [one for one in reversed(seen.windows) if one.learned and one.count > one.high]
