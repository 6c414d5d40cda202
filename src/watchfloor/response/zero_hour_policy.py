"""The policy of zero-hour purge: what it is, what it would have done, what it did; and the verb that changes it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.response.models import ZeroHourDecision, ZeroHourPolicy
from watchfloor.response.zero_hour import ACTIONS, DEFAULTS, Policy, Rule, Threat, What
from watchfloor.response.zero_hour_plan import plans

audit_verb("response.zero_hour", "{actor} changed what zero-hour purge does")

LOOK_BACK = timedelta(days=7)
MOST_LOOKED_AT = 1000
LATEST = 20
ONLY = 1


@dataclass(frozen=True, slots=True)
class LookBack:
    """What one threat's rule would have done: `left` counts the mailboxes left alone by reason, most first."""

    mails: int = 0
    mailboxes: int = 0
    left: tuple[tuple[str, int], ...] = ()


def current() -> Policy:
    """The policy in force; everything off while nobody changed it."""
    row = ZeroHourPolicy.objects.filter(pk=ONLY).first()
    if row is None:
        return Policy()
    rules = {
        threat: Rule(What(kept[0]), kept[1])
        for threat, default in DEFAULTS.items()
        if (kept := _kept(row, threat, default))
    }
    return Policy(rules, frozenset(row.untouched))


def _kept(row: ZeroHourPolicy, threat: Threat, default: Rule) -> tuple[str, str]:
    what, action = row.rules.get(threat.value, (default.what.value, default.action))
    return what, action


def change(*, by: Actor, rules: Mapping[Threat, Rule], untouched: Sequence[str], at: datetime) -> Policy:
    """Set every rule and the mailboxes never touched. Who lets mail be moved by itself must be allowed to move it.

    Raises Forbidden, or BadInput for an action there is not or a line that is no address (`place` names the field).
    """
    authorise(by, Permission.CONNECTION_MANAGE)
    before = current()
    with audited(
        by=by,
        permission=Permission.EMAIL_ACTION_MANAGE,
        verb="response.zero_hour",
        target_type="setting",
        target="zero-hour purge",
        before=_told(before),
    ) as result:
        wanted = Policy(
            {threat: rules.get(threat, DEFAULTS[threat]) for threat in Threat}, frozenset(_addresses(untouched))
        )
        for rule in wanted.rules.values():
            if rule.action not in ACTIONS:
                raise BadInput(f"the action is one of {', '.join(ACTIONS)}", place="action")
        kept = {threat.value: [rule.what.value, rule.action] for threat, rule in wanted.rules.items()}
        ZeroHourPolicy.objects.update_or_create(
            pk=ONLY,
            defaults={"rules": kept, "untouched": sorted(wanted.untouched), "changed_at": at, "changed_by": by.name},
        )
        result["after"] = _told(wanted)
    return wanted


def look_back(*, now: datetime, policy: Policy) -> dict[Threat, LookBack]:
    """What these rules would have done with the late verdicts of the last seven days, were they on; no mailbox is asked."""
    verdicts = lake.late_verdicts_since(now - LOOK_BACK, limit=MOST_LOOKED_AT)
    switched_on = Policy(
        {threat: Rule(What.ACT, rule.action) for threat, rule in policy.rules.items()}, policy.untouched
    )
    mails: Counter[Threat] = Counter()
    mailboxes: Counter[Threat] = Counter()
    left: dict[Threat, Counter[str]] = {threat: Counter() for threat in Threat}
    for plan in plans(verdicts, policy=switched_on, at=lambda verdict: verdict.at, afresh=True):
        mails[plan.threat] += bool(plan.aimed)
        mailboxes[plan.threat] += len(plan.aimed)
        left[plan.threat].update([plan.why] if plan.why else [why for _, why in plan.left])
    return {threat: LookBack(mails[threat], mailboxes[threat], tuple(left[threat].most_common(5))) for threat in Threat}


def latest() -> list[ZeroHourDecision]:
    """The newest decisions, with what they led to."""
    return list(ZeroHourDecision.objects.select_related("remediation")[:LATEST])


def _told(policy: Policy) -> dict[str, object]:
    """The policy for the audit log."""
    rules = {threat.value: f"{rule.what.value} {rule.action}" for threat, rule in policy.rules.items()}
    return {**rules, "untouched": sorted(policy.untouched)}


def _addresses(lines: Sequence[str]) -> list[str]:
    found = [line.strip().lower() for line in lines if line.strip()]
    for address in found:
        if address.count("@") != 1 or " " in address or len(address) > 320:
            raise BadInput(f"“{address[:100]}” is no mail address", place="untouched")
    return found
