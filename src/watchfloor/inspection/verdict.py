"""Evidence weighed: the score is the sum of its reasons, held against one threshold."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from watchfloor.inspection.contracts import (
    Confidence,
    Evidence,
    FoundAttachment,
    Inspection,
    Reason,
    TenantFacts,
    ThreatType,
    Verdict,
)
from watchfloor.inspection.signals.trust import spared
from watchfloor.inspection.weights import HIGH, THRESHOLD, WEIGHTS

_NO_FACTS = TenantFacts()
_ALLOWED = "allowed"
_TELLING = 0.5
"""Points from which a reason counts as having carried the verdict."""


def weigh(
    evidence: Iterable[Evidence],
    *,
    files: Sequence[FoundAttachment] = (),
    allowed: str = "",
    facts: TenantFacts = _NO_FACTS,
) -> Verdict:
    """The verdict with its reasons, heaviest first. `allowed` is the allow entry that covers the mail.

    An allow entry sets aside spam and phish, never malware; the reasons stay listed.
    """
    reasons = [_reason(found, facts) for found in evidence]
    names = [file.threat_name for file in files]
    return _verdict(reasons, names=names, allowed=allowed, facts=facts)


def judge(inspection: Inspection, *, evidence: Sequence[Evidence], facts: TenantFacts = _NO_FACTS) -> Inspection:
    """The inspection with its verdict weighed anew, `evidence` added that the mail's bytes alone do not hold.

    A signal that is there already is not counted twice. Without evidence the inspection comes back as it is.
    """
    known = {reason.signal for reason in inspection.verdict.reasons}
    new = (found for found in evidence if found.signal not in known)
    composite = inspection.authentication.composite
    held = spared(new, address=inspection.sender_address, composite=composite, facts=facts)
    added = [_reason(found, facts) for found in held]
    if not added:
        return inspection
    before = inspection.verdict
    kept = [reason for reason in before.reasons if reason.signal != _ALLOWED]
    verdict = _verdict([*kept, *added], names=before.threat_names, allowed=before.allowed, facts=facts)
    return replace(inspection, verdict=verdict)


def _reason(found: Evidence, facts: TenantFacts) -> Reason:
    weight = WEIGHTS[found.signal]
    silenced = found.signal in facts.silenced
    points = weight.points if found.points is None else max(found.points, 0.0)
    return Reason(
        found.signal,
        0.0 if silenced else points,
        found.words,
        found.method or weight.method,
        threat=weight.kind,
        threat_name=found.threat_name,
        silenced=silenced,
        entry=found.entry,
        imported=found.imported,
    )


def _verdict(reasons: Iterable[Reason], *, names: Iterable[str], allowed: str, facts: TenantFacts) -> Verdict:
    listed = sorted(reasons, key=lambda reason: -reason.points)
    threshold = facts.threshold or THRESHOLD
    score = round(sum(reason.points for reason in listed), 2)
    threats = _threats(listed, threshold)
    if allowed:
        kept = tuple(threat for threat in threats if threat is ThreatType.MALWARE)
        listed.append(_allowing(allowed, [threat for threat in threats if threat not in kept]))
        threats = kept
    return Verdict(
        threat_types=threats,
        threat_names=tuple(dict.fromkeys(filter(None, (*names, *(reason.threat_name for reason in listed))))),
        confidence=_confidence(threats, listed, score),
        detection_methods=_methods(threats, listed),
        score=score,
        threshold=threshold,
        reasons=tuple(listed),
        allowed=allowed,
        methods_by_threat={t: methods for t in threats if (methods := _methods([t], _of(t, threats, listed)))},
        confidence_by_threat={t: sure for t in threats if (sure := _confidence_in(t, threats, listed, score))},
    )


def _allowing(entry: str, set_aside: Sequence[ThreatType]) -> Reason:
    words = f"Allowed by the organisation's entry {entry}"
    if set_aside:
        words += f": verdict {' and '.join(set_aside)} set aside"
    return Reason(_ALLOWED, 0.0, words)


def _points(reasons: Iterable[Reason], kind: ThreatType) -> float:
    return sum(reason.points for reason in reasons if reason.threat is kind)


def _threats(reasons: Sequence[Reason], threshold: float) -> tuple[ThreatType, ...]:
    """What all evidence together says; what we found alone and what another filter found alone never hide one another."""
    found = set(_told(reasons, threshold))
    imported = [reason for reason in reasons if reason.imported]
    if imported:
        found |= set(_told([reason for reason in reasons if not reason.imported], threshold))
        found |= {threat for threat in ThreatType if _points(imported, threat) >= threshold}
    return tuple(threat for threat in ThreatType if threat in found)


def _told(reasons: Sequence[Reason], threshold: float) -> tuple[ThreatType, ...]:
    """Malware when its own evidence suffices; else Phish or Spam, whichever the evidence that tells them apart speaks for."""
    score = round(sum(reason.points for reason in reasons), 2)
    if score < threshold:
        return ()
    malware = _points(reasons, ThreatType.MALWARE)
    found = (ThreatType.MALWARE,) if malware >= threshold else ()
    if found and score - malware < threshold:
        return found
    phish, spam = _points(reasons, ThreatType.PHISH), _points(reasons, ThreatType.SPAM)
    # A lure that is not yet malware leads its reader somewhere: that is phish.
    return (*found, ThreatType.SPAM if spam > phish + (0 if found else malware) else ThreatType.PHISH)


def _confidence(threats: Sequence[ThreatType], reasons: Sequence[Reason], score: float) -> Confidence | None:
    if not threats:
        return None
    sure = score >= HIGH or any(reason.points >= HIGH for reason in reasons)
    return Confidence.HIGH if sure else Confidence.NORMAL


def _of(threat: ThreatType, threats: Sequence[ThreatType], reasons: Sequence[Reason]) -> list[Reason]:
    """The reasons that speak for one of the verdict's threats; what speaks for phish and spam alike is none for malware beside them."""
    general = threat is not ThreatType.MALWARE or len(threats) == 1
    return [reason for reason in reasons if reason.threat is threat or (general and reason.threat is None)]


def _confidence_in(
    threat: ThreatType, threats: Sequence[ThreatType], reasons: Sequence[Reason], score: float
) -> Confidence | None:
    """How sure one of the threats is: of the only one as sure as the verdict, of several each by its own reasons."""
    if len(threats) == 1:
        return _confidence(threats, reasons, score)
    own = _of(threat, threats, reasons)
    return _confidence([threat], own, sum(reason.points for reason in own))


def _methods(threats: Sequence[ThreatType], reasons: Sequence[Reason]) -> tuple[str, ...]:
    """The technologies that carried the verdict: those of the reasons that speak for its threat types."""
    if not threats:
        return ()
    carried = [reason for reason in reasons if reason.points >= _TELLING and reason.threat in (*threats, None)]
    return tuple(dict.fromkeys(reason.detection_method for reason in carried if reason.detection_method))
