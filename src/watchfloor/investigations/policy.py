"""How far the product is trusted: reading and changing the one row, and whether the automatic level may act now."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.identities.selectors import addresses_by_tag
from watchfloor.investigations.clusters import limits_of
from watchfloor.investigations.contracts import (
    DEFAULT_THRESHOLDS,
    ClusterKind,
    Level,
    RecommendationStatus,
    Thresholds,
    Wish,
    WishKind,
)
from watchfloor.investigations.models import Recommendation, TrustPolicy
from watchfloor.kernel.errors import BadInput, Conflict, NotFound
from watchfloor.response import services as response

audit_verb("investigation.policy", "{actor} changed how investigations act")
audit_verb("investigation.kill_switch", "{actor} turned the kill switch of investigations {target}")

MOST_NAMED = 2000
"""A recommendation for more copies is too large for the automatic level to read whom it concerns."""


def current() -> TrustPolicy:
    """The policy in force; the defaults when nobody changed any."""
    return TrustPolicy.objects.filter(pk=1).first() or TrustPolicy(pk=1)


def hold() -> None:
    """Keep the policy's row until the transaction ends: two that act by themselves at once count one after the other."""
    TrustPolicy.objects.get_or_create(pk=1)
    TrustPolicy.objects.select_for_update().get(pk=1)


def level_of(policy: TrustPolicy, playbook: str) -> Level:
    """The level of one playbook; with the kill switch on, nothing is automatic."""
    level = Level(policy.levels.get(playbook) or policy.level)
    return Level.APPROVE if policy.stopped and level is Level.AUTOMATIC else level


def thresholds(policy: TrustPolicy) -> Mapping[ClusterKind, Thresholds]:
    return limits_of(policy.thresholds, DEFAULT_THRESHOLDS)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the automatic level weighs beside the recommendation itself."""

    now: datetime
    done_today: int
    spared: frozenset[str] = frozenset()
    recipients: frozenset[str] = frozenset()


def why_not_automatic(policy: TrustPolicy, wish: Wish, around: Circumstances) -> str:
    """Why a recommendation waits for a person though the level is automatic; empty when it may be done (LM-08)."""
    if policy.stopped:
        return "the kill switch is on"
    if wish.kind is not WishKind.MAIL or wish.action != "soft-delete":
        return "only soft delete is ever done by itself"
    if wish.copies > policy.most_copies:
        return f"{wish.copies:,} copies are more than {policy.most_copies:,}"
    if wish.share < policy.least_share:
        return f"{wish.share:.0f} % of the cluster is malicious, less than {policy.least_share} %"
    if around.done_today + wish.copies > policy.daily_cap:
        return f"with it, more than {policy.daily_cap:,} copies would be removed within a day"
    if not _within_hours(policy, around.now.hour):
        return f"it is outside {policy.from_hour}:00 to {policy.to_hour}:00 UTC"
    if around.spared and wish.copies > MOST_NAMED:
        return f"of more than {MOST_NAMED:,} copies nobody can say whether a priority account is among them"
    if spared := sorted(around.recipients & around.spared):
        return f"{spared[0]} is a priority account"
    return ""


def _within_hours(policy: TrustPolicy, hour: int) -> bool:
    begin, end = policy.from_hour, policy.to_hour
    return begin <= hour < end if begin < end else hour >= begin or hour < end


def done_today(*, now: datetime) -> int:
    """Copies the product itself aimed at within the last day."""
    recent = Recommendation.objects.filter(automatic=True, created_at__gte=now - timedelta(days=1))
    return sum(int(one.get("copies", 0)) for one in recent.values_list("wish", flat=True))


def spared_people(policy: TrustPolicy) -> frozenset[str]:
    """Everybody who bears a tag, when the policy spares them."""
    if not policy.spare_tagged:
        return frozenset()
    return frozenset(address.lower() for people in addresses_by_tag().values() for address in people)


def change(*, by: Actor, at: datetime, **changed: Any) -> TrustPolicy:
    """Change the policy; unknown names and impossible numbers raise BadInput."""
    policy = current()
    before = {name: getattr(policy, name) for name in changed}
    with audited(
        by=by,
        permission=Permission.CONNECTION_MANAGE,
        verb="investigation.policy",
        target_type="setting",
        target="investigations",
        before=before,
    ) as result:
        _check(changed)
        result["after"] = changed
        kept, _ = TrustPolicy.objects.update_or_create(
            pk=1, defaults={**changed, "changed_at": at, "changed_by": by.name}
        )
    return kept


def switch(*, by: Actor, stopped: bool, at: datetime) -> None:
    """The kill switch: what runs without a person ends, and from now on nothing is done by itself; or again as the level says."""
    with audited(
        by=by,
        permission=Permission.EMAIL_ACTION_MANAGE,
        verb="investigation.kill_switch",
        target_type="setting",
        target="on" if stopped else "off",
    ):
        TrustPolicy.objects.update_or_create(
            pk=1, defaults={"stopped": stopped, "changed_at": at, "changed_by": by.name}
        )
    if stopped:
        _stop_what_runs(by)


def _stop_what_runs(by: Actor) -> None:
    """Removals begun without a person end after the copies in hand; what was moved can be undone."""
    running = Recommendation.objects.filter(automatic=True, status=RecommendationStatus.RUNNING.value)
    for remediation in running.exclude(remediation_id="").values_list("remediation_id", flat=True):
        with suppress(Conflict, NotFound):  # it has ended meanwhile
            response.stop(by=by, remediation_id=remediation, reason="the kill switch of investigations")


def _check(changed: Mapping[str, Any]) -> None:
    for name in ("from_hour", "to_hour"):
        if not 0 <= int(changed.get(name, 0)) <= 24:
            raise BadInput("an hour, 0 to 24", place=name)
    if int(changed.get("least_share", 0)) > 100:
        raise BadInput("percent, at most 100", place="least_share")
    for kind, numbers in changed.get("thresholds", {}).items():
        _check_numbers(kind, numbers)


def _check_numbers(kind: str, numbers: Sequence[float]) -> None:
    hits, share, hits_suspicious, share_suspicious = numbers
    if kind not in tuple(ClusterKind) or min(hits, hits_suspicious) < 1:
        raise BadInput("at least one hit", place=kind)
    if not all(0 <= one <= 100 for one in (share, share_suspicious)):
        raise BadInput("percent, 0 to 100", place=kind)
