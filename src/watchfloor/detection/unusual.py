"""Rules of unusual volume: counted in the lake, held against their own past, each window once."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from watchfloor.connectors.selectors import tenant_facts
from watchfloor.detection.activities import activities_of
from watchfloor.detection.contracts import Finding, Rule
from watchfloor.detection.counting import busiest, floor, named, volumes
from watchfloor.detection.evaluation import evidence_of, story_of
from watchfloor.detection.history import LakeHistory, query_of
from watchfloor.detection.models import VolumeLook
from watchfloor.detection.relating import Related
from watchfloor.detection.reported import report_findings
from watchfloor.detection.selectors import enabled_rules
from watchfloor.detection.volume import Window
from watchfloor.detection.words import label, rule_words, span_words
from watchfloor.lake import selectors as lake

SETTLED = timedelta(minutes=5)
"""Rows of a window may come in so much later."""
FARTHEST_BACK = timedelta(days=1)
ROWS_SHOWN = 500


def look_at_volumes(*, now: datetime) -> int:
    """Hold the windows that ended since the last look against their past; returns how many findings are new."""
    new = 0
    for rule in enabled_rules():
        if rule.unusual is not None:
            new += _look(rule, now=now)
    return new


def _look(rule: Rule, *, now: datetime) -> int:
    assert rule.unusual is not None
    end = floor(now - SETTLED, rule.unusual.window)
    look = VolumeLook.objects.filter(rule_id=rule.id).first()
    start = max(look.until if look else end - rule.unusual.window, end - max(FARTHEST_BACK, rule.unusual.window))
    if start >= end:
        return 0
    groups = busiest(rule, start=start, end=end)
    found = [
        _finding(rule, window, group)
        for group, seen in volumes(rule, start=start, end=end, groups=groups).items()
        for window in seen.windows
        if window.unusual(rule.unusual.least)
    ]
    new = report_findings(found, now=now)
    VolumeLook.objects.update_or_create(rule_id=rule.id, defaults={"until": end})
    return new


def _finding(rule: Rule, window: Window, group: str) -> Finding:
    assert rule.unusual is not None
    end = window.start + rule.unusual.window
    rows = lake.rows(named(query_of(rule, start=window.start, end=end), rule, [group]), limit=ROWS_SHOWN)
    related = Related(LakeHistory(tenant_facts().own_domains), rule, at_hand=rows)
    evidence, omitted = evidence_of(rule, rows, related)
    says = sentence_of(window, rule, group)
    of_group = f"\n{group}" if rule.unusual.group_by else ""
    return Finding(
        position=0,
        key=hashlib.sha256(f"{rule.id}\nvolume\n{window.start.isoformat()}{of_group}".encode()).hexdigest(),
        rule_id=rule.id,
        title=rule.title,
        severity=rule.severity,
        category=rule.category,
        description=f"{says} {story_of(rule, rows, related, hits=window.count)}".strip(),
        techniques=rule.techniques,
        first_activity=window.start,
        last_activity=end,
        evidence=evidence,
        aggregation_key=f"{rule.unusual.group_by}={group}"[:400] if rule.unusual.group_by else "volume",
        aggregation_seconds=int(rule.aggregation.window.total_seconds()),
        hits=window.count,
        explanation=(*rule_words(replace(rule, unusual=None)), says),
        omitted=omitted + max(0, window.count - len(rows)),
        activities=activities_of(rows),
    )


def sentence_of(window: Window, rule: Rule, group: str = "") -> str:
    """“1,204 within 1 hour from 22 Nov 14:00 UTC; 20 to 90 were expected, by the same hour of the days before (14 of them).”

    Of a group: “Sender address a@b.example: 40 within …”.
    """
    assert rule.unusual is not None
    whose = f"{label(rule.unusual.group_by, rule.table).capitalize()} {group[:200]}: " if group else ""
    return (
        f"{whose}{window.count:,} within {span_words(rule.unusual.window)} from {window.start:%d %b %H:%M} UTC; "
        f"{window.low:,.0f} to {window.high:,.0f} were expected, by {window.how} ({window.learned:,} of them)."
    )
