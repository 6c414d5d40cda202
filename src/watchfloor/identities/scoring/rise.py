"""The alert “Investigation priority score increase” (US-39): who rose suddenly, told once, with every point's sentence."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.detection.services import report_findings
from watchfloor.identities.models import DirectoryPerson, RiskPoint, RiskProfile
from watchfloor.identities.scoring.contracts import Scale
from watchfloor.identities.scoring.rising import DAY, LOOK_BACK_DAYS, Rise, rise_of, sudden
from watchfloor.identities.scoring.tables import RiskRise
from watchfloor.identities.scoring.whom import circles_of
from watchfloor.runtime.services import report_health

RULE = "identities.score-increase"
TITLE = "Investigation priority score increase"
CATEGORY = "CredentialAccess"
PART = "Risk score"
TOLD = 20
"""Points whose sentences stand in the alert; the greatest first."""


def tell_rises(people: Collection[int], *, now: datetime, chosen: Scale) -> int:
    """Report the sudden rises among these people, at most `rise_per_day` a day; returns how many."""
    recent = _recent(people, now=now)
    risen = {pk: points for pk, points in recent.items() if rise_of(_weights(points), now=now) >= chosen.rise_least}
    if not risen:
        return 0
    rows, since, told = DirectoryPerson.objects.in_bulk(list(risen)), _since(risen), _told(risen)
    left = chosen.rise_per_day - RiskRise.objects.filter(at__gt=now - DAY).count()
    found = []
    for pk, points in risen.items():
        rise = sudden(
            _weights(points), _peers(rows[pk], now=now), now=now, since=since.get(pk), told=told.get(pk), chosen=chosen
        )
        if rise:
            found.append((rows[pk], rise, points))
    found.sort(key=lambda one: -one[1].rise)
    _say(len(found) - max(0, left))
    kept = found[: max(0, left)]
    RiskRise.objects.bulk_create(
        RiskRise(person=row, at=now, rise=rise.rise, threshold=rise.threshold) for row, rise, _ in kept
    )
    report_findings([_finding(row, rise, points, now=now) for row, rise, points in kept], now=now)
    return len(kept)


def _recent(people: Collection[int], *, now: datetime) -> dict[int, list[RiskPoint]]:
    start = now - timedelta(days=LOOK_BACK_DAYS + 1)
    rows = RiskPoint.objects.filter(person__in=people, at__gt=start, at__lte=now, void=False).order_by("-points")
    found: dict[int, list[RiskPoint]] = defaultdict(list)
    for row in rows:
        found[row.person_id].append(row)
    return found


def _weights(points: Collection[RiskPoint]) -> list[tuple[datetime, float]]:
    return [(point.at, point.points) for point in points]


def _since(people: Collection[int]) -> Mapping[int, datetime]:
    """Since when each of them is known: by the directory or by their first event, whichever is earlier."""
    scopes = {f"person:{pk}": pk for pk in people}
    found = {
        scopes[scope]: at for scope, at in RiskProfile.objects.filter(scope__in=scopes).values_list("scope", "since")
    }
    for pk, at in DirectoryPerson.objects.filter(pk__in=people).values_list("pk", "first_seen_at"):
        if at is not None:
            found[pk] = min(found.get(pk, at), at)
    return found


def _told(people: Collection[int]) -> dict[int, tuple[datetime, float]]:
    rows = RiskRise.objects.filter(person__in=people).order_by("at").values_list("person_id", "at", "rise")
    return {pk: (at, rise) for pk, at, rise in rows}


def _peers(row: DirectoryPerson, *, now: datetime) -> list[float]:
    """The sums of the days on which colleagues of the same department or title had points. One query."""
    if not circles_of(row):
        return []
    same = DirectoryPerson.objects.exclude(pk=row.pk)
    same = same.filter(department=row.department) if row.department else same.filter(title=row.title)
    start = now - timedelta(days=LOOK_BACK_DAYS + 1)
    points = RiskPoint.objects.filter(person__in=same, at__gt=start, at__lte=now - DAY, void=False).order_by()
    days: dict[tuple[int, int], float] = defaultdict(float)
    for pk, at, value in points.values_list("person_id", "at", "points")[:20_000]:
        days[pk, at.toordinal()] += value
    return list(days.values())


def _finding(row: DirectoryPerson, rise: Rise, points: Collection[RiskPoint], *, now: datetime) -> Finding:
    recent = [point for point in points if now - DAY < point.at <= now]
    techniques = dict.fromkeys(technique for point in recent for technique in point.techniques)
    return Finding(
        position=0,
        key=f"{RULE}:{row.pk}:{now:%Y-%m-%dT%H}",
        rule_id=RULE,
        title=TITLE,
        severity="high" if rise.rise >= 2 * rise.threshold else "medium",
        category=CATEGORY,
        description=(
            f"{row.name} gathered {rise.rise:.0f} risk points within a day; {rise.words}. "
            "The points below made it; each links to its evidence on the person's page."
        ),
        techniques=tuple(techniques)[:10],
        first_activity=min(point.at for point in recent),
        last_activity=max(point.at for point in recent),
        evidence=(Evidence(EvidenceType.USER, row.address, row.name, "compromised", "suspicious"),),
        aggregation_key=row.address,
        aggregation_seconds=int(timedelta(days=7).total_seconds()),
        hits=len(recent),
        explanation=tuple(f"{point.points:.0f} points: {point.words}" for point in recent[:TOLD]),
        omitted=0,
    )


def _say(left_out: int) -> None:
    if left_out > 0:
        sentence = f"{left_out} sudden rises were not told today: the limit a day is reached. Sort Identities by score."
        report_health(PART, state="warning", sentence=sentence)
    else:
        report_health(PART, state="ok", sentence="Scores are current")
