"""Points from alerts: read by cursor, one point per alert and person, kept true to what people decide about the alert.

An alert that was called a false positive, or expected activity, is void for everybody it names.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from watchfloor.identities.finding import people_of_names
from watchfloor.identities.models import DirectoryPerson, RiskPoint
from watchfloor.identities.scoring import formulas
from watchfloor.identities.scoring.contracts import Factor, Scale
from watchfloor.identities.scoring.past import Who
from watchfloor.identities.scoring.rise import RULE as OWN_RULE
from watchfloor.identities.scoring.rise import tell_rises
from watchfloor.identities.scoring.scale import scale
from watchfloor.identities.scoring.standing import LOCK, refresh
from watchfloor.identities.scoring.whom import whom
from watchfloor.incidents import selectors as incidents
from watchfloor.incidents.contracts import Popularity, TouchedAlert
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import keep_order, move_cursor

EVIDENCE, HISTORY = "risk-alerts-evidence", "risk-alerts-history"
SETTLED = timedelta(seconds=2)
POPULAR_FOR = timedelta(days=30)
WRONG = {"falsePositive": "called a false positive", "informationalExpectedActivity": "called expected activity"}
RANKS = tuple(formulas.ROLE_FACTORS)
ROLE_WORDS = {
    "compromised": "acted in it: clicked, sent or signed in",
    "source": "is where it came from",
    "impacted": "is what it was aimed at",
    "received": "only received what it is about",
    "contextual": "is named beside it",
}
FIELDS = ("points", "words", "factors", "at", "void", "void_by", "techniques", "evidence")


def score_alerts(*, now: datetime, limit: int = 200) -> int:
    """Take in what is new or changed among alerts; returns how many alerts that were."""
    positions = cursor_position(EVIDENCE), cursor_position(HISTORY)
    found = incidents.touched_after(evidence=positions[0], history=positions[1], before=now - SETTLED, limit=limit)
    if (found.evidence, found.history) == positions:
        return 0
    with transaction.atomic():
        keep_order(LOCK)
        if (cursor_position(EVIDENCE), cursor_position(HISTORY)) != positions:
            return 0
        chosen = scale()
        people = keep([one for one in found.alerts if one.alert.rule_id != OWN_RULE], now=now, chosen=chosen)
        refresh(people, now=now, chosen=chosen)
        tell_rises(people, now=now, chosen=chosen)
        move_cursor(EVIDENCE, position=found.evidence)
        move_cursor(HISTORY, position=found.history)
    return len(found.alerts) or 1


def keep(alerts: Sequence[TouchedAlert], *, now: datetime, chosen: Scale) -> set[int]:
    """Store the points of these alerts; returns the people they concern. A fixed number of queries."""
    named = people_of_names(value for one in alerts for _, value, _ in one.people)
    known = whom(set(named.values()))
    popular = incidents.popularity_of({one.alert.rule_id for one in alerts}, since=now - POPULAR_FOR)
    everybody = DirectoryPerson.objects.filter(deleted_at=None).count()
    rows = [
        _row(one, known[pk], role, popular=popular, everybody=everybody, chosen=chosen)
        for one in alerts
        for pk, role in roles(one, named).items()
        if pk in known
    ]
    before = {row.key: row for row in RiskPoint.objects.filter(key__in=[row.key for row in rows])}
    for row in rows:
        _by_hand(row, before.get(row.key))
    RiskPoint.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["key"], update_fields=list(FIELDS), batch_size=500
    )
    return {row.person_id for row in rows}


def roles(one: TouchedAlert, named: Mapping[str, int]) -> dict[int, str]:
    """The gravest role of each person in an alert. A mailbox that mail merely reached “received”."""
    found: dict[int, str] = {}
    for kind, value, role in one.people:
        pk = named.get(value.strip().lower())
        if pk is None:
            continue
        mine = "received" if kind == "mailbox" and role == "impacted" else role if role in RANKS else "contextual"
        found[pk] = min(found.get(pk, mine), mine, key=RANKS.index)
    return found


def _row(one: TouchedAlert, who: Who, role: str, *, popular: Popularity, everybody: int, chosen: Scale) -> RiskPoint:
    alert = one.alert
    others = max(0, popular.people.get(alert.rule_id, 1) - 1)
    same = max(0, popular.alerts.get(alert.rule_id, 1) - 1)
    among_people = formulas.popularity(others, max(others, everybody - 1))
    among_alerts = formulas.popularity(same, max(same, popular.all_alerts - 1))
    points = chosen.alert_weight * formulas.alert_points(
        severity=alert.severity,
        role=role,
        among_people=among_people,
        among_alerts=among_alerts,
        importance=who.factor,
    )
    factors = [
        Factor(
            "Severity", alert.severity, f"an alert of this severity weighs {formulas.SEVERITY_POINTS[alert.severity]:g}"
        ),
        Factor("Role", f"×{formulas.ROLE_FACTORS[role]:g}", f"{who.name} {ROLE_WORDS[role]}"),
        Factor("Among people", f"×{among_people:.2f}", f"{others:,} other people had this alert in 30 days"),
        Factor(
            "Among alerts",
            f"×{among_alerts:.2f}",
            f"{same:,} more of {popular.all_alerts:,} alerts in 30 days are the same",
        ),
    ]
    if who.importance:
        factors.append(Factor("Importance", f"×{who.factor:g}", who.why))
    wrong = WRONG.get(alert.classification, "")
    return RiskPoint(
        person_id=who.pk,
        key=f"alert:{alert.alert_id}:{who.pk}",
        kind="alert",
        what=alert.rule_id[:60],
        at=alert.last_activity,
        points=round(points, 2),
        words=f"Alert “{alert.title}”: {who.name} {ROLE_WORDS[role]}",
        factors=[[factor.name, factor.value, factor.words] for factor in factors],
        evidence=alert.href,
        techniques=list(alert.techniques),
        void=bool(wrong),
        void_by=wrong,
    )


def _by_hand(row: RiskPoint, before: RiskPoint | None) -> None:
    """What somebody voided stays void; what an alert's classification voided follows the classification.

    The age of a point is that of the alert's newest hit, and never goes back.
    """
    if before is None:
        return
    row.at = max(row.at, before.at)
    if before.void and before.void_by not in WRONG.values():
        row.void, row.void_by = True, before.void_by
