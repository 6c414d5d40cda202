"""What became of each piece of evidence (AI-66, AI-67, AI-75): read from the recommendations and from where the copies lie now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchfloor.connectors.contracts import IN_MAILBOX
from watchfloor.investigations.contracts import RecommendationStatus, Verdict
from watchfloor.investigations.models import Cluster, Evidence, Investigation, Recommendation
from watchfloor.investigations.rendering import ClusterLine, EntityLine
from watchfloor.kernel.text import some

R = RecommendationStatus


class Remedy(StrEnum):
    """Remediation status of a cluster or an entity."""

    PREVENTED = "Prevented"
    PENDING = "Pending approval"
    REMEDIATED = "Remediated"
    PARTIALLY = "Partially remediated"
    UNREMEDIATED = "Unremediated"
    NONE = "Not needed"

    @property
    def tone(self) -> str:
        return {
            "Prevented": "success",
            "Remediated": "success",
            "Pending approval": "warning",
            "Unremediated": "danger",
        }.get(self.value, "neutral")


@dataclass(frozen=True, slots=True)
class RemediedCluster:
    """A cluster with what became of it, and why in a few words."""

    line: ClusterLine
    remedy: Remedy
    details: str


@dataclass(frozen=True, slots=True)
class RemediedEntity:
    """An entity with what became of it."""

    line: EntityLine
    remedy: Remedy

    @property
    def received(self) -> datetime | None:
        """When the mail came, or was reported."""
        said = self.line.one.facts.get("received") or self.line.one.facts.get("at") or ""
        return datetime.fromisoformat(said) if said else None


def of_cluster(one: Cluster, asked: R | None) -> tuple[Remedy, str]:
    """`asked` is how the recommendation to remove it stands, None without one."""
    then, left = one.counted_then.mailbox, one.counted.mailbox
    if one.verdict != Verdict.MALICIOUS:
        return Remedy.NONE, "nothing is removed that is not malicious"
    if not then and not left:
        return Remedy.PREVENTED, "no copy ever lay in a mailbox while it was looked at"
    if not left:
        return Remedy.REMEDIATED, "no copy lies in a mailbox any more"
    if asked in (R.PENDING, R.RUNNING):
        return Remedy.PENDING, f"{some(left, 'copy', 'copies')} in mailboxes"
    if left < then:
        return Remedy.PARTIALLY, f"{left:,} of {then:,} copies are left in mailboxes"
    return Remedy.UNREMEDIATED, f"{some(left, 'copy', 'copies')} in mailboxes"


def of_entity(one: Evidence, *, removed: R | None, blocked: R | None) -> Remedy:
    """A mail is remedied by its removal, a URL by its block; other entities by nothing of their own."""
    if one.verdict != Verdict.MALICIOUS:
        return Remedy.NONE
    asked = {"analyzedMessage": removed, "url": blocked, "file": removed}.get(one.type)
    if asked is None and one.type == "analyzedMessage" and one.facts.get("location") not in IN_MAILBOX:
        return Remedy.PREVENTED
    return AS_REMEDY.get(asked, Remedy.UNREMEDIATED) if asked else Remedy.UNREMEDIATED


AS_REMEDY: Mapping[R, Remedy] = {
    R.PENDING: Remedy.PENDING,
    R.RUNNING: Remedy.PENDING,
    R.DONE: Remedy.REMEDIATED,
    R.GONE: Remedy.REMEDIATED,
}


def prevented(found: Investigation) -> bool:
    """Whether it found something malicious of which no copy ever lay in a mailbox while it was looked at (AI-75)."""
    if found.verdict != Verdict.MALICIOUS or found.working or found.recommendations.filter(kind="mail").exists():
        return False
    bad = [one.counted_then.mailbox + one.counted.mailbox for one in found.clusters.filter(verdict=Verdict.MALICIOUS)]
    mails = found.evidence.filter(type="analyzedMessage", verdict=Verdict.MALICIOUS).values_list("facts", flat=True)
    there = [facts for facts in mails if facts.get("location") in IN_MAILBOX]
    return bool(bad or mails) and not any(bad) and not there


def cluster_lines(clusters: Iterable[Cluster]) -> list[RemediedCluster]:
    """Clusters with what became of each; one query for all."""
    rows = list(clusters)  # what lies inside a larger cluster is not asked for twice, so it stands as that one does
    wanted = Recommendation.objects.filter(investigation__in={one.investigation_id for one in rows}, kind="mail")
    asked: dict[tuple[int, str], R] = {}
    all_of: dict[int, list[Recommendation]] = {}
    for wish in wanted.only("investigation_id", "key", "status"):
        asked[wish.investigation_id, wish.key.partition("@")[0]] = R(wish.status)
        all_of.setdefault(wish.investigation_id, []).append(wish)
    return [RemediedCluster(ClusterLine.of(one), *of_cluster(one, _asked_of(one, asked, all_of))) for one in rows]


def _asked_of(one: Cluster, asked: Mapping[tuple[int, str], R], all_of: Mapping[int, list[Recommendation]]) -> R | None:
    own = asked.get((one.investigation_id, f"cluster:{one.key}"))
    return own or _worst(all_of.get(one.investigation_id, ()))


def entity_lines(entities: Sequence[Evidence], recommendations: Sequence[Recommendation]) -> list[RemediedEntity]:
    """Entities with what became of each; asks nothing."""
    removed = _worst(one for one in recommendations if one.kind == "mail")
    blocks = [one for one in recommendations if one.kind == "block"]
    return [
        RemediedEntity(EntityLine.of(one), of_entity(one, removed=removed, blocked=_worst(_blocking(one, blocks))))
        for one in entities
    ]


def _blocking(one: Evidence, blocks: Sequence[Recommendation]) -> Iterable[Recommendation]:
    """Blocks of this URL, or of its whole host."""
    if one.type != "url":
        return ()
    plain = one.value.partition("://")[2] or one.value
    return (
        block
        for block in blocks
        if plain.lower().startswith(
            block.wished.value.partition("://")[2].rstrip("*").lower() or block.wished.value.rstrip("*").lower()
        )
    )


def _worst(found: Iterable[Recommendation]) -> R | None:
    """The one that is furthest from done."""
    order = (R.PENDING, R.RUNNING, R.FAILED, R.REJECTED, R.WOULD, R.ADVICE, R.DONE, R.GONE)
    known = {R(one.status) for one in found}
    return next((one for one in order if one in known), None)
