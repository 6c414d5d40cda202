"""Reads of findings and rules, shipped and made by people."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db.models import Count, Max

from watchfloor.detection.activities import as_json
from watchfloor.detection.contracts import Activity, Delivery, Evidence, EvidenceType, Finding, Rule, RuleState
from watchfloor.detection.library import rule_of, rules, rules_folder
from watchfloor.detection.models import FindingRecord, Policy, RuleSwitch
from watchfloor.detection.policies import WATCHED, rule_of_policy
from watchfloor.detection.words import rule_words

__all__ = [
    "as_json",
    "deliveries",
    "delivery_of",
    "enabled_rules",
    "every_rule",
    "finding",
    "findings_after",
    "rule",
    "rule_state",
    "rule_states",
    "rule_words",
    "rules_folder",
    "watched_tables",
]


def findings_after(position: int, *, limit: int) -> list[Finding]:
    """Findings in the order they were made, after `position`."""
    return [_finding(record) for record in FindingRecord.objects.filter(pk__gt=position).order_by("pk")[:limit]]


def finding(key: str) -> Finding | None:
    """The finding with this key, while it is kept."""
    record = FindingRecord.objects.filter(key=key).first()
    return _finding(record) if record else None


def _finding(record: FindingRecord) -> Finding:
    body = dict(record.body)
    evidence = tuple(Evidence(EvidenceType(kind), *rest) for kind, *rest in body.pop("evidence"))
    techniques, explanation = tuple(body.pop("techniques")), tuple(body.pop("explanation"))
    activities = tuple(Activity(datetime.fromisoformat(at), *rest) for at, *rest in body.pop("activities", ()))
    return Finding(
        position=record.pk,
        key=record.key,
        rule_id=record.rule_id,
        first_activity=record.first_activity,
        last_activity=record.last_activity,
        evidence=evidence,
        techniques=techniques,
        explanation=explanation,
        activities=activities,
        **body,
    )


def every_rule() -> tuple[Rule, ...]:
    """Shipped rules, then people's policies that can be read; with the severity set here. Two queries."""
    severities = dict(RuleSwitch.objects.exclude(severity="").values_list("rule_id", "severity"))
    made = (rule_of_policy(row) for row in Policy.objects.all())
    return tuple(_as_set(one, severities) for one in (*rules(), *filter(None, made)))


def _as_set(one: Rule, severities: dict[str, str]) -> Rule:
    return replace(one, severity=severities[one.id]) if one.id in severities else one


def enabled_rules() -> tuple[Rule, ...]:
    """The rules that are on."""
    off = set(RuleSwitch.objects.filter(enabled=False).values_list("rule_id", flat=True))
    return tuple(rule for rule in every_rule() if rule.id not in off)


def watched_tables() -> frozenset[str]:
    """Tables that a rule reads or a policy may: what is off now must not hold batches back nor be looked at later."""
    return frozenset({*(rule.table for rule in rules()), *WATCHED})


def rule_states(*, only: str = "") -> tuple[RuleState, ...]:
    """Every rule (or one) with what is set here, how often it hit and when last; four queries."""
    switches = {switch.rule_id: switch for switch in RuleSwitch.objects.all()}
    found = FindingRecord.objects.filter(rule_id=only) if only else FindingRecord.objects.all()
    counted = found.order_by().values("rule_id").annotate(number=Count("id"), last=Max("made_at"))
    hits = {row["rule_id"]: (row["number"], row["last"]) for row in counted}
    shipped = {one.id: one.severity for one in rules()}
    return tuple(
        _state(one, switches.get(one.id), hits.get(one.id, (0, None)), shipped.get(one.id, one.severity))
        for one in every_rule()
        if one.id == only or not only
    )


def _state(one: Rule, switch: RuleSwitch | None, hits: tuple[int, datetime | None], shipped: str) -> RuleState:
    return RuleState(
        rule=one,
        words=rule_words(one),
        enabled=switch.enabled if switch else True,
        findings=hits[0],
        last_hit=hits[1],
        changed_by=switch.changed_by if switch else "",
        delivery=_delivery(switch) if switch else Delivery(),
        shipped_severity=shipped,
    )


def rule_state(rule_id: str) -> RuleState | None:
    """One rule as its page shows it; None when there is none."""
    return next(iter(rule_states(only=rule_id)), None)


def delivery_of(rule_id: str) -> Delivery:
    """Who is told of the alerts of a rule, whoever's it is."""
    return deliveries([rule_id]).get(rule_id, Delivery())


def deliveries(rule_ids: Iterable[str]) -> dict[str, Delivery]:
    """The same of many; those that tell nobody are left out. One query."""
    found = {one.rule_id: _delivery(one) for one in RuleSwitch.objects.filter(rule_id__in=list(rule_ids))}
    return {key: one for key, one in found.items() if one.recipients or one.webhooks}


def _delivery(switch: RuleSwitch) -> Delivery:
    return Delivery(tuple(switch.recipients), switch.daily_cap, tuple(switch.webhooks))


def rule(rule_id: str) -> Rule | None:
    """The rule with this id, shipped or people's, or None when it is there no longer."""
    shipped = rule_of(rule_id)
    if shipped is not None or not rule_id.startswith("policy-") or not rule_id[7:].isdecimal():
        return shipped
    row = Policy.objects.filter(pk=int(rule_id[7:])).first() if len(rule_id) < 20 else None
    return rule_of_policy(row) if row else None
