"""Where people stand: score, percentile, level, state and the day's highest score, from the points that count. Pure but for reads.

One person is brought up to date after each event (`refresh`), everybody in one pass (`rescore`).
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from watchfloor.identities.models import DirectoryPerson, PersonRisk, RiskDay, RiskPoint, RiskProfile
from watchfloor.identities.scoring.contracts import RiskLevel, RiskState, Scale
from watchfloor.identities.scoring.formulas import LIFETIME, percentile, worth
from watchfloor.identities.scoring.scale import level_of, scale
from watchfloor.runtime.services import keep_order

CHUNK = 2000
KEPT = timedelta(days=400)
LOCK = "risk-standing"
"""One writer of standings at a time, so that two never wait for one another's rows."""
FIELDS = ("score", "percentile", "level", "state", "state_at", "state_by", "state_reason", "scored_at")
PINNED = (RiskState.CONFIRMED,)


def scores(*, now: datetime, people: Collection[int] | None = None) -> dict[int, float]:
    """What the points of each person sum to now; people without any are left out. One query."""
    rows = RiskPoint.objects.filter(at__gt=now - LIFETIME, void=False).order_by()
    if people is not None:
        rows = rows.filter(person__in=people)
    found: dict[int, float] = {}
    for person, points, at in rows.values_list("person_id", "points", "at").iterator(chunk_size=20_000):
        found[person] = found.get(person, 0.0) + worth(points, age=now - at)
    return found


def refresh(people: Collection[int], *, now: datetime, chosen: Scale | None = None) -> None:
    """Bring these few people up to date, each compared with the scores that others have on file.

    Counts people who were deleted too, which no index has to look up; `rescore` sets that right within a minute.
    """
    wanted = set(people)
    if not wanted:
        return
    found, everybody = scores(now=now, people=wanted), DirectoryPerson.objects.count()
    higher = PersonRisk.objects.exclude(person__in=wanted)
    percentiles = {
        pk: percentile(lower=everybody - 1 - higher.filter(score__gte=score).count(), others=everybody - 1)
        for pk, score in found.items()
        if score > 0
    }
    _keep([(pk, found.get(pk, 0.0), max(0.0, percentiles.get(pk, 0.0))) for pk in wanted], now=now, chosen=chosen)


def rescore(*, now: datetime, chosen: Scale | None = None) -> int:
    """Bring everybody up to date who has points or a score on file; returns how many."""
    found = scores(now=now)
    stale = PersonRisk.objects.filter(score__gt=0).values_list("person_id", flat=True)
    people = {**dict.fromkeys(stale, 0.0), **found}
    everybody = max(DirectoryPerson.objects.filter(deleted_at=None).count(), len(found))
    ranked = sorted(found.values())
    zero = everybody - len(ranked)
    _keep(
        [(pk, score, _rank(score, ranked, zero=zero, everybody=everybody)) for pk, score in people.items()],
        now=now,
        chosen=chosen,
    )
    return len(people)


def _rank(score: float, ranked: Sequence[float], *, zero: int, everybody: int) -> float:
    """Percentile among everybody, of whom `zero` have no points; 0 for a score of 0."""
    return percentile(lower=zero + bisect_left(ranked, score), others=everybody - 1) if score > 0 else 0.0


def _keep(standings: Iterable[tuple[int, float, float]], *, now: datetime, chosen: Scale | None) -> None:
    chosen = chosen or scale()
    rows = list(standings)
    with transaction.atomic():
        keep_order(LOCK)
        for at in range(0, len(rows), CHUNK):
            some = rows[at : at + CHUNK]
            before = PersonRisk.objects.in_bulk([pk for pk, _, _ in some], field_name="person_id")
            changed = [_row(one, before.get(one[0]), now=now, chosen=chosen) for one in some]
            PersonRisk.objects.bulk_create(
                changed, update_conflicts=True, unique_fields=["person"], update_fields=list(FIELDS)
            )
            _days(some, now=now)


def _row(standing: tuple[int, float, float], before: PersonRisk | None, *, now: datetime, chosen: Scale) -> PersonRisk:
    pk, score, place = standing
    row = before or PersonRisk(person_id=pk)
    row.score, row.percentile, row.scored_at = round(score, 2), round(place, 2), now
    if row.state in PINNED:
        row.level = RiskLevel.HIGH
        return row
    row.level = level_of(score, chosen)
    state = _state(row)
    if state != row.state:
        row.state, row.state_at, row.state_by, row.state_reason = state, now, "", ""
    return row


def _state(row: PersonRisk) -> str:
    """At risk from level low on; who was dismissed stays so until there is something new."""
    if row.level != RiskLevel.NONE:
        return RiskState.AT_RISK
    return row.state if row.state in (RiskState.DISMISSED, RiskState.REMEDIATED) else RiskState.NONE


def _days(standings: Sequence[tuple[int, float, float]], *, now: datetime) -> None:
    """Raise today's highest scores; days of nothing get no row unless they had one."""
    today = now.date()
    known = dict(
        RiskDay.objects.filter(day=today, person__in=[pk for pk, _, _ in standings]).values_list("person_id", "score")
    )
    higher = [
        RiskDay(person_id=pk, day=today, score=round(score, 2))
        for pk, score, _ in standings
        if score > known.get(pk, 0.0)
    ]
    RiskDay.objects.bulk_create(higher, update_conflicts=True, unique_fields=["person", "day"], update_fields=["score"])


def forget(*, now: datetime, limit: int = 5000) -> int:
    """Delete points older than the timeline reaches, days of the history likewise, and profiles nobody fed so long."""
    old = now - KEPT
    gone = list(RiskPoint.objects.filter(at__lt=old).order_by("at").values_list("pk", flat=True)[:limit])
    number = RiskPoint.objects.filter(pk__in=gone).delete()[0] if gone else 0
    number += RiskDay.objects.filter(day__lt=old.date()).delete()[0]
    return number + RiskProfile.objects.filter(changed_at__lt=old).delete()[0]
