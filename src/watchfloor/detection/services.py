"""Verbs: hold the rules against what is new; switch a rule on or off."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.selectors import tenant_facts
from watchfloor.detection.contracts import Rule
from watchfloor.detection.evaluation import Match, evaluate_batches
from watchfloor.detection.history import LakeHistory
from watchfloor.detection.library import rule_of
from watchfloor.detection.library import rules as all_rules
from watchfloor.detection.models import QUEUE, FindingRecord, RuleSwitch
from watchfloor.detection.reported import report_findings as report_findings
from watchfloor.detection.selectors import enabled_rules
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotFound
from watchfloor.lake import selectors as lake
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import keep_order, move_cursor

audit_verb("detection.switch", "{actor} switched the alert policy {target}")

READER = "detection"


def detect(*, now: datetime, limit: int = 50) -> int:
    """Hold every rule against the next hot batches; returns how many batches were read.

    The rules are evaluated outside the transaction; findings and cursor are written in one, so that a kill between
    repeats the reading and the unique key makes each finding once.
    """
    rules = enabled_rules()
    position = cursor_position(READER)
    batches = lake.since(position, tables=watched_tables(), limit=limit)
    if not batches:
        return 0
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


def watched_tables() -> frozenset[str]:
    """Tables that any rule reads, on or off: what is off now must not hold batches back nor be looked at later."""
    return frozenset(rule.table for rule in all_rules())


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
    }
    return FindingRecord(
        key=match.key, rule_id=rule.id, made_at=now, first_activity=first, last_activity=last, body=body
    )


def switch_rule(*, rule_id: str, enabled: bool, by: Actor) -> None:
    """Turn a rule on or off (AP-03). What arrives while it is off is not looked at again. Raises NotFound."""
    before = RuleSwitch.objects.filter(rule_id=rule_id).values_list("enabled", flat=True).first()
    with audited(
        by=by,
        permission=Permission.CONNECTION_MANAGE,
        verb="detection.switch",
        target_type="rule",
        target=rule_id,
        before={"enabled": True if before is None else before},
    ) as result:
        if rule_of(rule_id) is None:
            raise NotFound(f"there is no rule “{rule_id}”")
        values = {"enabled": enabled, "changed_by": by.name, "changed_at": utc_now()}
        RuleSwitch.objects.update_or_create(rule_id=rule_id, defaults=values)
        result["after"] = {"enabled": enabled}
