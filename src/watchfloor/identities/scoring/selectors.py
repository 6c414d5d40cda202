"""Reads of the risk score. Each is a fixed number of questions, however many people are asked for."""

from collections.abc import Iterable
from datetime import date

from watchfloor.identities.models import PersonRisk, RiskDay, RiskPoint
from watchfloor.identities.scoring.contracts import Factor, PointLine, RiskSummary
from watchfloor.identities.scoring.titles import title_of


def summary(row: PersonRisk) -> RiskSummary:
    """The contract of a stored row, with its person selected."""
    return RiskSummary(
        person=row.person_id,
        score=row.score,
        percentile=row.percentile,
        level=row.level,
        state=row.state,
        scored_at=row.scored_at,
        state_at=row.state_at,
        state_by=row.state_by,
        state_reason=row.state_reason,
        address=row.person.address,
        name=row.person.name,
    )


def line(row: RiskPoint) -> PointLine:
    """The contract of a stored point."""
    return PointLine(
        id=row.pk,
        key=row.key,
        kind=row.kind,
        what=row.what,
        title=title_of(row.kind, row.what),
        at=row.at,
        points=row.points,
        words=row.words,
        factors=tuple(Factor(*factor) for factor in row.factors),
        evidence=row.evidence,
        techniques=tuple(row.techniques),
        void=row.void,
        void_by=row.void_by,
    )


def risks_of(pks: Iterable[int]) -> dict[int, RiskSummary]:
    """Those of these people who were ever scored."""
    rows = PersonRisk.objects.filter(person__in=list(pks)).select_related("person")
    return {row.person_id: summary(row) for row in rows}


def risk_of(pk: int) -> RiskSummary | None:
    """One person's risk, None when nothing was ever scored."""
    return risks_of([pk]).get(pk)


def points_of(pk: int, limit: int = 50) -> tuple[PointLine, ...]:
    """The newest points of a person, void and gone ones too."""
    return tuple(map(line, RiskPoint.objects.filter(person=pk).order_by("-at", "-id")[:limit]))


def points_by_evidence(pk: int, limit: int = 2000) -> dict[tuple[str, str], tuple[PointLine, ...]]:
    """A person's points by what they rest on, (table, ReportId) or ("alert", alert id): for the timeline's lines."""
    found: dict[tuple[str, str], tuple[PointLine, ...]] = {}
    for point in points_of(pk, limit):
        found[point.source] = (*found.get(point.source, ()), point)
    return found


def history_of(pk: int, days: int = 90) -> tuple[tuple[date, float], ...]:
    """The highest score of each day that had one, oldest first, at most `days` days."""
    rows = RiskDay.objects.filter(person=pk).order_by("-day").values_list("day", "score")[:days]
    return tuple(reversed(list(rows)))


def riskiest(limit: int = 10) -> tuple[RiskSummary, ...]:
    """The people with the highest scores, confirmed ones first (US-37)."""
    rows = PersonRisk.objects.filter(score__gt=0) | PersonRisk.objects.filter(state="confirmedCompromised")
    ordered = rows.select_related("person").order_by("-score", "person__name")[:limit]
    return tuple(sorted(map(summary, ordered), key=lambda one: (not one.confirmed, -one.score)))
