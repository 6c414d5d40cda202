"""Verbs: hold the rules against what is new; what people set of rules and make themselves is in keeping.py."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from watchfloor.connectors.selectors import tenant_facts
from watchfloor.detection.activities import SHOWN, activities_of, as_json
from watchfloor.detection.contracts import Row, Rule
from watchfloor.detection.evaluation import IDENTITY, Match, held_rows, matches_of
from watchfloor.detection.history import LakeHistory
from watchfloor.detection.holding import own_parts
from watchfloor.detection.keeping import Notify, delete_policy, save_policy, set_rule, switch_rule
from watchfloor.detection.models import QUEUE, FindingRecord
from watchfloor.detection.own_activities import tell_activities
from watchfloor.detection.relating import named_by
from watchfloor.detection.reported import report_findings
from watchfloor.detection.running import Running
from watchfloor.detection.selectors import enabled_rules, watched_tables
from watchfloor.detection.thresholds import grouped
from watchfloor.lake import selectors as lake
from watchfloor.lake.selectors import Newly
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import keep_order, move_cursor

__all__ = [
    "Notify",
    "delete_policy",
    "detect",
    "report_findings",
    "save_policy",
    "set_rule",
    "switch_rule",
    "tell_activities",
]

READER = "detection"
MOST_ROWS = 10_000
"""Rows that are looked at in one go, unless a single batch has more: a second of processor time where every rule holds for all."""
RUNNING = Running()


def detect(*, now: datetime, limit: int = 50) -> int:
    """Hold every rule against the next hot batches; returns how many batches were read.

    The rules are evaluated outside the transaction; findings and cursor are written in one, so that a kill between
    repeats the reading and the unique key makes each finding once.
    """
    position = cursor_position(READER)
    new = lake.newly(position, tables=watched_tables(), most_rows=MOST_ROWS, most_batches=limit)
    if new is None:
        return 0
    rules = [rule for rule in enabled_rules() if rule.unusual is None and rule.table in new.tables]
    RUNNING.go_on_from(position)
    history = LakeHistory(tenant_facts().own_domains)
    held = [(rule, _held(rule, new, history)) for rule in rules]
    found = [match for rule, parts in held for match in matches_of(rule, parts, history, RUNNING)]
    with transaction.atomic():
        if cursor_position(READER) != position:
            return 0  # another worker was faster; its findings stand
        _store(found, now=now)
        move_cursor(READER, position=new.position)
    for rule, parts in held:
        if rule.threshold:
            RUNNING.note(rule, grouped(rule, [row for part in parts for row in part]))
    RUNNING.position = new.position
    return new.batches


def _held(rule: Rule, new: Newly, history: LakeHistory) -> list[list[Row]]:
    """The new rows for which the rule's conditions hold. All batches are one part, unless each hit is to be an alert of its own."""
    columns, own = columns_read(rule), own_parts(rule.where)
    batches = new.tables[rule.table]
    parts = [batches] if rule.aggregation.window else [(batch,) for batch in batches]
    rows = [lake.among(part, table=rule.table, conditions=own, columns=columns) for part in parts]
    return held_rows(rule, rows, history)


def columns_read(rule: Rule) -> tuple[str, ...]:
    """The columns that a finding of the rule may need; a row has sixty, and each costs time in a flood."""
    wanted = {"Timestamp", "ReportId", *IDENTITY, *SHOWN, *named_by(rule)}
    return tuple(one.name for one in lake.table(rule.table).columns if one.name in wanted)


def _store(found: Sequence[Match], *, now: datetime) -> None:
    keep_order(QUEUE)
    records = [_record(match, now=now) for match in found]
    FindingRecord.objects.bulk_create(records, ignore_conflicts=True, batch_size=200)


def _record(match: Match, *, now: datetime) -> FindingRecord:
    rule: Rule = match.rule
    first, last = match.times
    body = {
        "title": rule.title,
        "severity": rule.severity,
        "category": rule.category,
        "description": match.description,
        "techniques": list(rule.techniques),
        "evidence": [[item.type, item.value, item.label, item.role, item.verdict] for item in match.evidence],
        "aggregation_key": match.aggregation_key,
        "aggregation_seconds": int(rule.aggregation.window.total_seconds()),
        "hits": match.hits,
        "explanation": list(match.explanation),
        "omitted": match.omitted,
        "activities": as_json(activities_of(match.rows)),
    }
    return FindingRecord(
        key=match.key, rule_id=rule.id, made_at=now, first_activity=first, last_activity=last, body=body
    )
