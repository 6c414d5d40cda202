"""Evidence weighed: the score is the sum of its reasons, held against one threshold."""

from collections.abc import Iterable

from watchfloor.inspection.contracts import Confidence, FoundAttachment, Reason, ThreatType, Verdict
from watchfloor.inspection.evidence import Evidence
from watchfloor.inspection.weights import HIGH, THRESHOLD, WEIGHTS


def weigh(evidence: Iterable[Evidence], *, files: tuple[FoundAttachment, ...] = (), allowed: str = "") -> Verdict:
    """The verdict with its reasons, heaviest first. `allowed` is the allow entry that covers the mail.

    An allow entry sets aside spam and phish, never malware; the reasons stay listed.
    """
    reasons = sorted((_reason(found) for found in evidence), key=lambda reason: -reason.points)
    score = round(sum(reason.points for reason in reasons), 2)
    threats = _threats(reasons, score)
    if allowed:
        kept = tuple(threat for threat in threats if threat is ThreatType.MALWARE)
        set_aside = " and ".join(threat.value for threat in threats if threat not in kept)
        words = f"Allowed by the organisation's entry {allowed}" + (
            f": verdict {set_aside} set aside" if set_aside else ""
        )
        reasons.append(Reason("allowed", 0.0, words))
        threats = kept
    return Verdict(
        threat_types=threats,
        threat_names=tuple(dict.fromkeys(file.threat_name for file in files if file.threat_name)),
        confidence=_confidence(threats, reasons, score),
        detection_methods=_methods(threats, reasons),
        score=score,
        threshold=THRESHOLD,
        reasons=tuple(reasons),
    )


def _reason(found: Evidence) -> Reason:
    weight = WEIGHTS[found.signal]
    return Reason(found.signal, weight.points, found.words, weight.method)


def _points(reasons: list[Reason], kind: ThreatType) -> float:
    return sum(reason.points for reason in reasons if reason.signal in WEIGHTS and WEIGHTS[reason.signal].kind is kind)


def _threats(reasons: list[Reason], score: float) -> tuple[ThreatType, ...]:
    """Malware when its own evidence suffices; else Phish or Spam, whichever the evidence that tells them apart speaks for."""
    if score < THRESHOLD:
        return ()
    malware = _points(reasons, ThreatType.MALWARE)
    found = (ThreatType.MALWARE,) if malware >= THRESHOLD else ()
    if found and score - malware < THRESHOLD:
        return found
    phish, spam = _points(reasons, ThreatType.PHISH), _points(reasons, ThreatType.SPAM)
    # A lure that is not yet malware leads its reader somewhere: that is phish.
    return (*found, ThreatType.SPAM if spam > phish + (0 if found else malware) else ThreatType.PHISH)


def _confidence(threats: tuple[ThreatType, ...], reasons: list[Reason], score: float) -> Confidence | None:
    if not threats:
        return None
    sure = score >= HIGH or any(reason.points >= HIGH for reason in reasons)
    return Confidence.HIGH if sure else Confidence.NORMAL


def _methods(threats: tuple[ThreatType, ...], reasons: list[Reason]) -> tuple[str, ...]:
    """The technologies that carried the verdict: those of the reasons that speak for its threat types."""
    if not threats:
        return ()
    told = [reason for reason in reasons if reason.points >= 0.5 and WEIGHTS.get(reason.signal)]
    fitting = [reason for reason in told if WEIGHTS[reason.signal].kind in (*threats, None)]
    return tuple(dict.fromkeys(reason.detection_method for reason in fitting if reason.detection_method))
