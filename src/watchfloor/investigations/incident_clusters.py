"""The clusters of mails of an incident in one list: those its investigations judged, and those its alerts name and nobody looked into."""

from dataclasses import dataclass
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.incidents import selectors as incidents
from watchfloor.investigations import selectors
from watchfloor.investigations.models import Cluster
from watchfloor.investigations.remedies import RemediedCluster, cluster_lines
from watchfloor.kernel.errors import NotFound

MOST = 50
LIKENESS = ("likeness-ip", "likeness-domain")


@dataclass(frozen=True, slots=True)
class EvidenceCluster:
    """One cluster as the evidence of an incident shows it; `numbers` are copies, in the order of `HEADS`.

    `judged` is None for one that alerts name and no investigation condemned; several may have judged the same one.
    """

    title: str
    href: str
    numbers: tuple[int, ...]
    counted_at: datetime
    judged: RemediedCluster | None = None
    investigations: tuple[int, ...] = ()


HEADS = (
    ("Copies", "One a recipient"),
    ("Malware", ""),
    ("Sure phish", "Phish of high confidence"),
    ("Phish", "Phish of normal confidence"),
    ("Spam", ""),
    ("Mailbox", "Copies in Inbox or Junk"),
    ("Elsewhere", "Copies not in a mailbox"),
    ("External", "Copies on premises or outside"),
)


def clusters_of(incident: int, *, by: Actor, now: datetime) -> list[EvidenceCluster]:
    """Judged ones first, the gravest of the newest investigation first; links only for who may read mail."""
    same: dict[tuple[str, str], list[Cluster]] = {}
    for cluster in selectors.clusters_of_incident(incident, by=by, limit=MOST):
        same.setdefault((cluster.kind, cluster.value), []).append(cluster)
    judged = cluster_lines(found[0] for found in same.values())
    known = {one.line.one.value.partition(" · ")[0] for one in judged if one.line.one.kind in LIKENESS}
    may_read = by.may(Permission.EMAIL_METADATA_READ)
    by_whom = [tuple(dict.fromkeys(one.investigation_id for one in found)) for found in same.values()]
    lines = [_judged(one, whose, may_read) for one, whose in zip(judged, by_whom, strict=True)]
    return [*lines, *_named(incident, known, by=by, now=now)]


def _judged(one: RemediedCluster, whose: tuple[int, ...], may_read: bool) -> EvidenceCluster:
    today = one.line.today
    numbers = (
        *(today.copies, today.malware, today.sure_phish, today.phish, today.spam),
        *(today.mailbox, today.elsewhere, today.external),
    )
    href = one.line.explorer if may_read else ""
    return EvidenceCluster(one.line.one.title, href, numbers, one.line.one.today_at, one, whose)


def _named(incident: int, known: set[str], *, by: Actor, now: datetime) -> list[EvidenceCluster]:
    """What the alerts name and no cluster of an investigation covers."""
    try:
        incidents.incident_for(incident, by=by)
    except NotFound:
        return []
    items = incidents.evidence_items(incident=incident, types=("mailCluster",))
    lines = incidents.cluster_lines([one for one in items if one.value not in known], actor=by)
    return [
        EvidenceCluster(
            one.item.shown,
            one.item.href,
            (one.copies, one.malware, one.sure_phish, one.phish, one.spam, one.inside, one.elsewhere, one.outside),
            now,
        )
        for one in lines
    ]
