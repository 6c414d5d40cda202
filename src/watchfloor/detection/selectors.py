"""Reads of findings and rules."""

from django.db.models import Count, Max

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding, Rule, RuleState
from watchfloor.detection.library import rule_of, rules, rules_folder
from watchfloor.detection.models import FindingRecord, RuleSwitch
from watchfloor.detection.words import rule_words

__all__ = ["enabled_rules", "findings_after", "rule", "rule_states", "rule_words", "rules_folder"]


def findings_after(position: int, *, limit: int) -> list[Finding]:
    """Findings in the order they were made, after `position`."""
    return [_finding(record) for record in FindingRecord.objects.filter(pk__gt=position).order_by("pk")[:limit]]


def _finding(record: FindingRecord) -> Finding:
    body = dict(record.body)
    evidence = tuple(Evidence(EvidenceType(kind), *rest) for kind, *rest in body.pop("evidence"))
    techniques, explanation = tuple(body.pop("techniques")), tuple(body.pop("explanation"))
    return Finding(
        position=record.pk,
        key=record.key,
        rule_id=record.rule_id,
        first_activity=record.first_activity,
        last_activity=record.last_activity,
        evidence=evidence,
        techniques=techniques,
        explanation=explanation,
        **body,
    )


def enabled_rules() -> tuple[Rule, ...]:
    """The rules that are on."""
    off = set(RuleSwitch.objects.filter(enabled=False).values_list("rule_id", flat=True))
    return tuple(rule for rule in rules() if rule.id not in off)


def rule_states() -> tuple[RuleState, ...]:
    """Every rule with its switch, how often it hit and when last; two queries."""
    switches = {switch.rule_id: switch for switch in RuleSwitch.objects.all()}
    hits = {
        row["rule_id"]: row
        for row in FindingRecord.objects.order_by().values("rule_id").annotate(number=Count("id"), last=Max("made_at"))
    }
    return tuple(
        RuleState(
            rule=rule,
            words=rule_words(rule),
            enabled=switches[rule.id].enabled if rule.id in switches else True,
            findings=hits[rule.id]["number"] if rule.id in hits else 0,
            last_hit=hits[rule.id]["last"] if rule.id in hits else None,
            changed_by=switches[rule.id].changed_by if rule.id in switches else "",
        )
        for rule in rules()
    )


def rule(rule_id: str) -> Rule | None:
    """The rule with this id, or None when it is no longer shipped."""
    return rule_of(rule_id)
