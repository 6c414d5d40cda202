"""What the border does with one mail: border policy × verdict × recipients. Pure: no database, no clock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchfloor.connectors.contracts import Disposition, InlineAnswer
from watchfloor.inspection.contracts import Confidence, Inspection, ThreatType, Verdict
from watchfloor.inspection.services import extension_of
from watchfloor.kernel.text import visible
from watchfloor.response.quarantine.contracts import NEVER_BY_USERS, POLICY_TYPES, REASONS, BorderPolicy, BorderThreat

FACTS = "quarantine"
"""Under this name the facts of an accepted mail say why it is held; `holding` reads them."""
BULK = "Bulk"
KINDS = (
    ("Impersonation user", BorderThreat.USER),
    ("Impersonation domain", BorderThreat.DOMAIN),
    ("Mailbox intelligence impersonation", BorderThreat.MAILBOX),
    ("Spoof", BorderThreat.SPOOF),
)
STRICTNESS = (Disposition.ACCEPT, Disposition.TAG, Disposition.HOLD, Disposition.REJECT)
TRUE_TYPES: Mapping[str, str] = {
    "application/x-dosexec": "exe",
    "application/vnd.microsoft.portable-executable": "exe",
    "application/x-executable": "elf",
    "application/x-pie-executable": "elf",
    "application/x-sharedlib": "elf",
    "application/x-mach-binary": "macho",
    "application/x-msi": "msi",
    "application/x-ms-shortcut": "lnk",
    "application/x-iso9660-image": "iso",
    "application/vnd.ms-cab-compressed": "cab",
    "application/x-xz": "xz",
}
"""Types whose files are blocked however they are called."""


def answer_to(inspection: Inspection, *, recipients: Sequence[str], policy: BorderPolicy) -> InlineAnswer:
    """What is to be done. With a hold, `held` names whose copies are kept back: everybody's but those of exempt mailboxes."""
    threat, words = judged(inspection, policy)
    if threat is None:
        return InlineAnswer(Disposition.ACCEPT, words)
    rule = policy.rule(threat)
    spared = tuple(one for one in recipients if one.strip().lower() in policy.exempt)
    if rule.what not in {Disposition.HOLD, Disposition.REJECT} or not spared:
        held = tuple(recipients) if rule.what is Disposition.HOLD else ()
        return InlineAnswer(rule.what, words, held, facts=_facts(inspection, threat, policy) if held else {})
    kept = tuple(one for one in recipients if one not in spared)
    if not kept:
        return InlineAnswer(Disposition.TAG, f"{words} (delivered: it is a mailbox of the security team)")
    # One answer holds for all recipients of a mail: what some must get cannot be refused, so the others' is held.
    return InlineAnswer(Disposition.HOLD, words, kept, facts=_facts(inspection, threat, policy))


def judged(inspection: Inspection, policy: BorderPolicy) -> tuple[BorderThreat | None, str]:
    """The threat whose rule counts, and why in words: that of the verdict, or a blocked file type where its rule is stricter.

    With equally strict rules a blocked type comes before everything but malware, as it needs no judgement.
    """
    threat, words = threat_of(inspection.verdict), words_of(inspection.verdict)
    named = blocked_file(inspection, policy.file_types)
    if not named or threat is BorderThreat.MALWARE:
        return threat, words
    strict, rival = (STRICTNESS.index(policy.rule(one).what) if one else -1 for one in (BorderThreat.FILE_TYPE, threat))
    return (BorderThreat.FILE_TYPE, f"Blocked file type: {named}") if strict >= max(rival, 1) else (threat, words)


def blocked_file(inspection: Inspection, types: Collection[str]) -> str:
    """The first attachment, or file in one, of these types by its name or by what it really is; "" when there is none."""
    for one in inspection.attachments:
        if one.extension.lower() in types or _ending(one.file_name) in types or TRUE_TYPES.get(one.file_type) in types:
            return visible(one.file_name)[:200] or one.file_type
        for member in one.members:
            if _ending(member) in types:
                return visible(member)[:200]
    return ""


def _ending(path: str) -> str:
    """The extension as the system reads it that opens the file: without dots and blanks behind it, also of a name that is no more."""
    return extension_of(f"-{path.rpartition('/')[2]}")


def heeded(
    answer: InlineAnswer,
    inspection: Inspection,
    *,
    recipients: Sequence[str],
    listed: Mapping[str, bool],
    policy: BorderPolicy,
) -> InlineAnswer:
    """The answer with what recipients want of this sender (`listed`: whether they block it), each for the own mailbox.

    An allowed sender is believed when the mail is proven to be its own, and never against malware or high-confidence phish.
    """
    if not listed or answer.disposition is Disposition.REJECT:
        return answer
    threat, _ = judged(inspection, policy)
    proven = "pass" in {inspection.authentication.dmarc, inspection.authentication.composite}
    believed = proven and (threat is None or REASONS[threat] not in NEVER_BY_USERS)
    wish = {one: listed.get(one.strip().lower()) for one in recipients}
    before = (set(answer.held) or set(recipients)) if answer.disposition is Disposition.HOLD else set()
    spared = {one for one in recipients if one.strip().lower() in policy.exempt}
    blocked = {one for one in recipients if wish[one] is True} - spared
    held = tuple(
        one for one in recipients if one in blocked or (one in before and not (believed and wish[one] is False))
    )
    if set(held) == before:
        return answer
    if not held:
        return replace(
            answer,
            disposition=Disposition.TAG,
            held=(),
            facts={},
            words=f"{answer.words} (its recipients allow the sender)",
        )
    if before:
        return replace(answer, held=held)
    facts = _facts(inspection, threat or BorderThreat.SPAM, policy)
    facts[FACTS] |= {"policy_name": "Senders of a mailbox", "override": "Blocked by the recipient"}
    words = f"{answer.words} (a recipient blocks the sender)"
    return replace(answer, disposition=Disposition.HOLD, held=held, words=words, facts={**answer.facts, **facts})


def threat_of(verdict: Verdict) -> BorderThreat | None:
    """The worst threat a verdict names; None when it found the mail harmless."""
    found = verdict.threat_types
    if ThreatType.MALWARE in found:
        return BorderThreat.MALWARE
    if ThreatType.PHISH in found:
        sure = verdict.confidence_by_threat.get(ThreatType.PHISH, verdict.confidence) is Confidence.HIGH
        return BorderThreat.SURE_PHISH if sure else _kind_of_phish(verdict)
    if ThreatType.SPAM not in found:
        return None
    methods = verdict.methods_by_threat.get(ThreatType.SPAM, verdict.detection_methods)
    if set(methods) == {BULK}:
        return BorderThreat.BULK
    sure = verdict.confidence_by_threat.get(ThreatType.SPAM, verdict.confidence) is Confidence.HIGH
    return BorderThreat.SURE_SPAM if sure else BorderThreat.SPAM


def _kind_of_phish(verdict: Verdict) -> BorderThreat:
    """Who it pretends to be, by the detection technologies that found it."""
    methods = verdict.methods_by_threat.get(ThreatType.PHISH, verdict.detection_methods)
    return next((kind for method, kind in KINDS if any(one.startswith(method) for one in methods)), BorderThreat.PHISH)


def threat_named(threats: str, confidence: str) -> BorderThreat:
    """The worst of threats written as “Phish, Spam”; ADMIN when none is named."""
    if "Malware" in threats:
        return BorderThreat.MALWARE
    if "Phish" in threats:
        return BorderThreat.SURE_PHISH if confidence == Confidence.HIGH else BorderThreat.PHISH
    return BorderThreat.SPAM if "Spam" in threats else BorderThreat.ADMIN


def words_of(verdict: Verdict) -> str:
    """The threats and the weightiest reason, for the mail server's log and the quarantine's list."""
    if not verdict.threat_types:
        return "no threat found"
    threats = ", ".join(verdict.threat_types)
    reason = max(verdict.reasons, key=lambda one: one.points).words if verdict.reasons else ""
    return f"{threats}: {reason}" if reason else threats


def _facts(inspection: Inspection, threat: BorderThreat, policy: BorderPolicy) -> dict[str, Any]:
    """What the quarantine shows of a held mail before anybody has read it again; plain values."""
    reason = REASONS[threat]
    return {
        FACTS: {
            "reason": reason.value,
            "policy_type": POLICY_TYPES[reason].value,
            "policy_name": f"Border policy: {threat.value}",
            "threat": threat.value,
            "days": policy.rule(threat).days,
            "fingerprint": inspection.fingerprint,
            "message_id": inspection.internet_message_id,
            "subject": inspection.subject,
            "sender": inspection.sender_address,
            "sender_name": inspection.sender_name,
            "size": inspection.size,
            "direction": inspection.direction,
            "threats": ", ".join(inspection.verdict.threat_types),
            "override": inspection.verdict.allowed,
        }
    }
