"""The border policy: what it is, and the verb that changes it. Read with each mail, so a change counts at once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.connectors.contracts import Disposition, InlineAnswer
from watchfloor.inspection.contracts import Inspection
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import visible
from watchfloor.response.quarantine.border import answer_to, heeded
from watchfloor.response.quarantine.contracts import (
    BORDER_DEFAULTS,
    COMMON_TYPES,
    LONGEST_DAYS,
    NEVER_BY_USERS,
    PART_OF,
    REASONS,
    BorderPolicy,
    BorderRule,
    BorderThreat,
    UserMay,
)
from watchfloor.response.quarantine.models import QuarantinePolicy
from watchfloor.response.quarantine.senders import wishes

audit_verb("quarantine.policy", "{actor} changed what the border does with mail, and what is quarantined for how long")
ONLY = 1
MOST_TYPES = 300


def border_policy() -> BorderPolicy:
    """The policy in force; the defaults while nobody changed it. One query."""
    row = QuarantinePolicy.objects.filter(pk=ONLY).first()
    if row is None:
        return BorderPolicy()
    rules = {threat: _rule(_kept(row.rules, threat), default) for threat, default in BORDER_DEFAULTS.items()}
    types = COMMON_TYPES if row.file_types is None else frozenset(row.file_types)
    return BorderPolicy(rules, frozenset(row.exempt), types)


def _kept(rules: Mapping[str, list[object]], threat: BorderThreat) -> list[object] | None:
    """What was saved of a threat. A policy from before one was told apart means the whole, and blocked no file types."""
    if threat is BorderThreat.FILE_TYPE and threat.value not in rules:
        default = BORDER_DEFAULTS[threat]
        return [Disposition.ACCEPT.value, int(default.may), default.days, default.notify]
    return rules.get(threat.value) or rules.get(PART_OF.get(threat, threat).value)


def answer_at_border(inspection: Inspection, *, recipients: Sequence[str]) -> InlineAnswer:
    """What the policy in force does with this mail before delivery. Read for each mail: a change counts from the next one on."""
    policy = border_policy()
    answer = answer_to(inspection, recipients=recipients, policy=policy)
    listed = wishes(sender=inspection.sender_address or inspection.mail_from, recipients=recipients)
    return heeded(answer, inspection, recipients=recipients, listed=listed, policy=policy)


def change_border_policy(
    *,
    by: Actor,
    rules: Mapping[BorderThreat, BorderRule],
    exempt: Sequence[str],
    file_types: Iterable[str] = COMMON_TYPES,
    at: datetime,
) -> BorderPolicy:
    """Set every rule, the exempt mailboxes and the blocked file types. Raises Forbidden, or BadInput (`place` names the field)
    for days beyond 1 to 3650, a line that is no address or a word that is no extension.
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
            _types(file_types),
        )
        kept = {
            threat.value: [rule.what.value, int(rule.may), rule.days, rule.notify]
            for threat, rule in wanted.rules.items()
        }
        QuarantinePolicy.objects.update_or_create(
            pk=ONLY,
            defaults={
                "rules": kept,
                "exempt": sorted(wanted.exempt),
                "file_types": sorted(wanted.file_types),
                "changed_at": at,
                "changed_by": by.name,
            },
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
    if rule.may & UserMay.RELEASE and REASONS[threat] in NEVER_BY_USERS:
        raise BadInput("recipients may never release this themselves, only request it", place=f"{place}_may")
    return rule


def _told(policy: BorderPolicy) -> dict[str, object]:
    """The policy for the audit log."""
    rules = {
        threat.value: f"{rule.what.value}, {rule.days} days, recipients may {' and '.join(rule.may.words) or 'nothing'}"
        for threat, rule in policy.rules.items()
    }
    return {**rules, "exempt": sorted(policy.exempt), "file types": sorted(policy.file_types)}


def _types(words: Iterable[str]) -> frozenset[str]:
    found = frozenset(word.strip().lower().removeprefix("*").removeprefix(".") for word in words if word.strip())
    if wrong := next((one for one in sorted(found) if not re.fullmatch(r"[a-z0-9_-]{1,20}", one)), None):
        raise BadInput(f"“{visible(wrong)[:40]}” is no file extension, as exe or iso", place="file_types")
    if len(found) > MOST_TYPES:
        raise BadInput(f"at most {MOST_TYPES} file types", place="file_types")
    return found


def _addresses(lines: Sequence[str]) -> list[str]:
    found = [line.strip().lower() for line in lines if line.strip()]
    for address in found:
        if address.count("@") != 1 or " " in address or len(address) > 320:
            raise BadInput(f"“{address[:100]}” is no mail address", place="exempt")
    return found
