"""How an investigation stands, by its recommendations and its verdict (AI-02, AI-47, AI-62, AI-75)."""

from datetime import datetime

from watchfloor.investigations.contracts import WAITING, RecommendationStatus, Status, Verdict
from watchfloor.investigations.models import Investigation

R = RecommendationStatus
GOOD = frozenset({R.DONE, R.GONE})


def settle(investigation: Investigation, *, now: datetime) -> None:
    """Store the status that follows from everything kept; nothing for one at work or ended by a person."""
    if investigation.working or investigation.status == Status.STOPPED:
        return
    status = status_of(investigation)
    if status is Status.PENDING:
        investigation.waiting_since = investigation.waiting_since or now
        investigation.ended_at = None
    else:
        if investigation.waiting_since:
            investigation.waited += (now - investigation.waiting_since).total_seconds()
        investigation.waiting_since = None
        investigation.ended_at = investigation.ended_at or now
    investigation.status, investigation.changed_at = status.value, now
    investigation.save()


def status_of(investigation: Investigation) -> Status:
    found = [R(one) for one in investigation.recommendations.values_list("status", flat=True)]
    if WAITING & set(found):
        return Status.PENDING
    deeds = [one for one in found if one not in (R.ADVICE, R.WOULD)]
    if deeds:
        good = sum(one in GOOD for one in deeds)
        if good == len(deeds):
            return Status.REMEDIATED
        return Status.PARTIALLY_REMEDIATED if good else Status.PARTIALLY_INVESTIGATED
    return _without_deeds(investigation, found)


def _without_deeds(investigation: Investigation, found: list[RecommendationStatus]) -> Status:
    steps = investigation.steps.filter(run=investigation.run)
    if steps.exists() and not steps.filter(failed=False).exists():
        return Status.FAILED
    if found or steps.filter(failed=True).exists() or investigation.verdict == Verdict.SUSPICIOUS:
        return Status.PARTIALLY_INVESTIGATED
    if investigation.verdict == Verdict.MALICIOUS:
        # Malicious, and no copy in a mailbox: it was prevented.
        return Status.REMEDIATED
    return Status.NO_THREATS
