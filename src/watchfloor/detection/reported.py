"""Findings that other slices made (custom detections), kept beside those of our own rules."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from watchfloor.detection.activities import as_json
from watchfloor.detection.contracts import Finding
from watchfloor.detection.models import QUEUE, FindingRecord
from watchfloor.runtime.services import keep_order


def report_findings(findings: Sequence[Finding], *, now: datetime) -> int:
    """Keep each finding once, by its key; returns how many are new. They become alerts as those of rules do."""
    with transaction.atomic():
        keep_order(QUEUE)
        known = set(FindingRecord.objects.filter(key__in=[one.key for one in findings]).values_list("key", flat=True))
        fresh = {one.key: one for one in findings if one.key not in known}
        FindingRecord.objects.bulk_create(
            [_record(one, now=now) for one in fresh.values()], ignore_conflicts=True, batch_size=200
        )
    return len(fresh)


def _record(finding: Finding, *, now: datetime) -> FindingRecord:
    body = {
        "title": finding.title,
        "severity": finding.severity,
        "category": finding.category,
        "description": finding.description,
        "techniques": list(finding.techniques),
        "evidence": [[item.type, item.value, item.label, item.role, item.verdict] for item in finding.evidence],
        "aggregation_key": finding.aggregation_key,
        "aggregation_seconds": finding.aggregation_seconds,
        "hits": finding.hits,
        "explanation": list(finding.explanation),
        "omitted": finding.omitted,
        "source": finding.source,
        "incident": finding.incident,
        "activities": as_json(finding.activities),
    }
    return FindingRecord(
        key=finding.key,
        rule_id=finding.rule_id,
        made_at=now,
        first_activity=finding.first_activity,
        last_activity=finding.last_activity,
        body=body,
    )
