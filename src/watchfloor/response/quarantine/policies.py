"""The border policy: what it is, and the verb that changes it. Read with each mail, so a change counts at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.connectors.contracts import Disposition, InlineAnswer
from watchfloor.inspection.contracts import Inspection
from watchfloor.kernel.errors import BadInput
from watchfloor.response.quarantine.border import answer_to, heeded
from watchfloor.response.quarantine.contracts import (
    BORDER_DEFAULTS,
    LONGEST_DAYS,
    BorderPolicy,
    BorderRule,
    BorderThreat,
    UserMay,
)
from watchfloor.response.quarantine.models import QuarantinePolicy
from watchfloor.response.quarantine.senders import wishes

audit_verb("quarantine.policy", "{actor} changed what the border does with mail, and what is quarantined for how long")
ONLY = 1


def border_policy() -> BorderPolicy:
    """The policy in force; the defaults while nobody changed it. One query."""
    row = QuarantinePolicy.objects.filter(pk=ONLY).first()
    if row is None:
        return BorderPolicy()
    rules = {threat: _rule(row.rules.get(threat.value), default) for threat, default in BORDER_DEFAULTS.items()}
    return BorderPolicy(rules, frozenset(row.exempt))


def answer_at_border(inspection: Inspection, *, recipients: Sequence[str]) -> InlineAnswer:
    """What the policy in force does with this mail before delivery. Read for each mail: a change counts from the next one on."""
    policy = border_policy()
    answer = answer_to(inspection, recipients=recipients, policy=policy)
    listed = wishes(sender=inspection.sender_address or inspection.mail_from, recipients=recipients)
    return heeded(answer, inspection, recipients=recipients, listed=listed, policy=policy)


def change_border_policy(
    *, by: Actor, rules: Mapping[BorderThreat, BorderRule], exempt: Sequence[str], at: datetime
) -> BorderPolicy:
    """Set every rule and the exempt mailboxes. Raises Forbidden, or BadInput (`place` names the field) for days beyond
    1 to 3650 or a line that is no address.
    """
    before = border_policy()
    with audited(
        by=by,
        permission=Permission.QUARANTINE_MANAGE,
        verb="quarantine.policy",
        target_type="setting",
        target="border policy",
        before=_told(before),
    ) as result:
        authorise(by, Permission.CONNECTION_MANAGE)
        wanted = BorderPolicy(
            {threat: _checked(threat, rules.get(threat, default)) for threat, default in BORDER_DEFAULTS.items()},
            frozenset(_addresses(exempt)),
        )
        kept = {
            threat.value: [rule.what.value, int(rule.may), rule.days, rule.notify]
            for threat, rule in wanted.rules.items()
        }
        QuarantinePolicy.objects.update_or_create(
            pk=ONLY,
            defaults={"rules": kept, "exempt": sorted(wanted.exempt), "changed_at": at, "changed_by": by.name},
        )
        result["after"] = _told(wanted)
    return wanted


def _rule(kept: list[object] | None, default: BorderRule) -> BorderRule:
    if kept is None:
        return default
    what, may, days, notify = kept
    return BorderRule(Disposition(str(what)), UserMay(int(str(may))), int(str(days)), bool(notify))


def _checked(threat: BorderThreat, rule: BorderRule) -> BorderRule:
    place = threat.name.lower()
    if not 1 <= rule.days <= LONGEST_DAYS:
        raise BadInput(f"keep between 1 and {LONGEST_DAYS} days", place=f"{place}_days")
    if rule.may & UserMay.RELEASE and threat in {BorderThreat.MALWARE, BorderThreat.SURE_PHISH}:
        raise BadInput("recipients may never release this themselves, only request it", place=f"{place}_may")
    return rule


def _told(policy: BorderPolicy) -> dict[str, object]:
    """The policy for the audit log."""
    rules = {
        threat.value: f"{rule.what.value}, {rule.days} days, recipients may {' and '.join(rule.may.words) or 'nothing'}"
        for threat, rule in policy.rules.items()
    }
    return {**rules, "exempt": sorted(policy.exempt)}


def _addresses(lines: Sequence[str]) -> list[str]:
    found = [line.strip().lower() for line in lines if line.strip()]
    for address in found:
        if address.count("@") != 1 or " " in address or len(address) > 320:
            raise BadInput(f"“{address[:100]}” is no mail address", place="exempt")
    return found
