"""Verbs on alert policies: made, changed, deleted, switched, and what is set of shipped ones; each audited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.services import checked_addresses, webhooks
from watchfloor.detection.contracts import SEVERITIES
from watchfloor.detection.library import rule_of
from watchfloor.detection.models import Policy, RuleSwitch
from watchfloor.detection.policies import Draft, document_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound

audit_verb("detection.switch", "{actor} switched the alert policy {target}")
audit_verb("alert_policy.save", "{actor} saved the alert policy {target}")
audit_verb("alert_policy.delete", "{actor} deleted the alert policy {target}")
audit_verb("alert_policy.notify", "{actor} changed who is told of the alerts of {target}")

LARGEST_CAP = 10_000
MOST_POLICIES = 500
TUNE = Permission.DETECTION_TUNE


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is to be told of a rule's alerts, as a person fills it in; `severity` is empty for the rule's own."""

    recipients: Sequence[str] = ()
    daily_cap: int = 10
    webhooks: Sequence[str] = ()
    severity: str = ""


def policy(number: int) -> Policy:
    """Raises NotFound."""
    row = Policy.objects.filter(pk=number).first() if number < 2**63 else None
    if row is None:
        raise NotFound("there is no such alert policy")
    return row


def save_policy(*, draft: Draft, by: Actor, now: datetime, number: int | None = None) -> Policy:
    """Keep a policy; new rows are held against it from now on. Raises BadInput naming the field, NotFound."""
    title = " ".join(draft.title.replace("\x00", "").split())[:200]
    with audited(by=by, permission=TUNE, verb="alert_policy.save", target_type="policy", target=title) as result:
        if not title:
            raise BadInput("give the policy a name", place="title")
        if not draft.parts:
            raise BadInput("add at least one condition; a policy without any would alert on everything", place="f")
        draft.rule()
        if number is None and Policy.objects.count() >= MOST_POLICIES:
            raise BadInput(f"at most {MOST_POLICIES} policies; delete one first", place="title")
        row = Policy(created_by=by.name, created_at=now) if number is None else policy(number)
        before = row.document if number else None
        row.title, row.description = title, draft.description.replace("\x00", "").strip()[:2000]
        row.severity, row.policy_category = draft.severity, draft.policy_category
        row.document = document_of(draft)
        row.changed_by, row.changed_at = by.name, now
        row.save()
        result["before"], result["after"] = before, row.document
    return row


def delete_policy(*, number: int, by: Actor) -> str:
    """Forget a policy; its alerts stay. Returns its title."""
    row = policy(number)
    with audited(by=by, permission=TUNE, verb="alert_policy.delete", target_type="policy", target=row.title) as result:
        result["before"] = row.document
        RuleSwitch.objects.filter(rule_id=row.rule_id).delete()
        row.delete()
    return row.title


def switch_rule(*, rule_id: str, enabled: bool, by: Actor) -> None:
    """Turn a rule on or off (AP-03). What arrives while it is off is not looked at again. Raises NotFound."""
    before = RuleSwitch.objects.filter(rule_id=rule_id).values_list("enabled", flat=True).first()
    with audited(
        by=by,
        permission=TUNE,
        verb="detection.switch",
        target_type="rule",
        target=rule_id,
        before={"enabled": True if before is None else before},
    ) as result:
        if rule_of(rule_id) is None and not (rule_id.startswith("policy-") and policy(_number(rule_id))):
            raise NotFound(f"there is no rule “{rule_id}”")
        values = {"enabled": enabled, "changed_by": by.name, "changed_at": utc_now()}
        RuleSwitch.objects.update_or_create(rule_id=rule_id, defaults=values)
        result["after"] = {"enabled": enabled}


def _number(rule_id: str) -> int:
    text = rule_id.removeprefix("policy-")
    return int(text) if text.isdecimal() and len(text) < 18 else 0


def set_rule(*, rule_id: str, notify: Notify, by: Actor, now: datetime) -> None:
    """Say who is told of a rule's alerts, and how grave they are (AP-03); for rules of other slices too. Raises BadInput."""
    with audited(by=by, permission=TUNE, verb="alert_policy.notify", target_type="rule", target=rule_id) as result:
        if notify.severity and notify.severity not in SEVERITIES:
            raise BadInput(f"“{notify.severity}” is no severity", place="severity")
        if not 1 <= notify.daily_cap <= LARGEST_CAP:
            raise BadInput(f"at least 1 and at most {LARGEST_CAP:,} mails a day", place="daily_cap")
        recipients = list(checked_addresses(notify.recipients)) if notify.recipients else []
        kept = RuleSwitch.objects.filter(rule_id=rule_id).first()
        allowed = {*webhooks(), *(kept.webhooks if kept else ())}
        for name in notify.webhooks:
            if name not in allowed:
                raise BadInput(f"there is no enabled webhook “{name}”", place="webhooks")
        values = {
            "recipients": recipients,
            "daily_cap": notify.daily_cap,
            "webhooks": list(notify.webhooks),
            "severity": notify.severity,
        }
        RuleSwitch.objects.update_or_create(
            rule_id=rule_id, defaults={**values, "changed_by": by.name, "changed_at": now}
        )
        result["after"] = values
