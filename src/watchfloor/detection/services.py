"""Verbs: hold the rules against what is new; what people set of rules and make themselves is in keeping.py."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from watchfloor.connectors.selectors import tenant_facts
from watchfloor.detection.activities import activities_of, as_json
from watchfloor.detection.contracts import Rule
from watchfloor.detection.evaluation import Match, evaluate_batches
from watchfloor.detection.history import LakeHistory
from watchfloor.detection.keeping import Notify, delete_policy, save_policy, set_rule, switch_rule
from watchfloor.detection.models import QUEUE, FindingRecord
from watchfloor.detection.own_activities import tell_activities
from watchfloor.detection.reported import report_findings
from watchfloor.detection.selectors import enabled_rules, watched_tables
from watchfloor.lake import selectors as lake
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


def detect(*, now: datetime, limit: int = 50) -> int:
    """Hold every rule against the next hot batches; returns how many batches were read.

    The rules are evaluated outside the transaction; findings and cursor are written in one, so that a kill between
    repeats the reading and the unique key makes each finding once.
    """
    position = cursor_position(READER)
    batches = lake.since(position, tables=watched_tables(), limit=limit)
    if not batches:
        return 0
    rules = [rule for rule in enabled_rules() if rule.unusual is None]
    history = LakeHistory(tenant_facts().own_domains)
    found = [
        match
        for rule in rules
        for match in evaluate_batches(rule, [batch.rows for batch in batches if batch.table == rule.table], history)
    ]
    with transaction.atomic():
        if cursor_position(READER) != position:
            return 0  # another worker was faster; its findings stand
        _store(found, now=now)
        move_cursor(READER, position=batches[-1].position)
    return len(batches)


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
