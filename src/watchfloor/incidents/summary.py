"""An incident at a glance (IN-38): its alerts along the attack's tactics, who is touched, what evidence there is and how bad."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q

from watchfloor.access.contracts import Actor
from watchfloor.incidents.assets import KINDS, Asset, assets
from watchfloor.incidents.contracts import SEVERITIES, WORDS, AlertStatus
from watchfloor.incidents.models import Alert, AlertEvidence
from watchfloor.incidents.offering import OTHER_CATEGORIES, TACTICS
from watchfloor.kernel.text import spaced

VERDICTS = ("malicious", "suspicious", "noThreatsFound", "unknown")
ARTEFACTS = ("analyzedMessage", "mailCluster", "sender", "url", "file", "ip")
ASSETS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Stage:
    """One tactic that alerts of the incident are of."""

    category: str
    alerts: int
    active: int
    techniques: tuple[str, ...]
    first: Any

    @property
    def name(self) -> str:
        return spaced(self.category)


def stages(incident: int) -> tuple[Stage, ...]:
    """The tactics in the order of an attack, those of no tactic last; two queries."""
    counted = (
        Alert.objects.filter(incident=incident)
        .order_by()
        .values("category")
        .annotate(
            n=Count("pk"), active=Count("pk", filter=~Q(status=AlertStatus.RESOLVED)), first=Min("first_activity")
        )
    )
    techniques: dict[str, dict[str, None]] = {}
    for category, found in Alert.objects.filter(incident=incident).values_list("category", "techniques")[:2000]:
        techniques.setdefault(category, {}).update(dict.fromkeys(found))
    order = {name: place for place, name in enumerate((*TACTICS, *OTHER_CATEGORIES))}
    found_stages = [
        Stage(row["category"], row["n"], row["active"], tuple(techniques.get(row["category"], ())), row["first"])
        for row in counted
    ]
    return tuple(sorted(found_stages, key=lambda one: (order.get(one.category, len(order)), one.category)))


def by_severity(incident: int) -> list[tuple[str, int, int]]:
    """(severity, alerts, of them not resolved), gravest first; one query."""
    rows = Alert.objects.filter(incident=incident).order_by().values("severity")
    counted = {
        row["severity"]: row for row in rows.annotate(n=Count("pk"), active=Count("pk", filter=~Q(status="resolved")))
    }
    return [(one, counted[one]["n"], counted[one]["active"]) for one in SEVERITIES if one in counted]


def evidence_counts(incident: int) -> list[tuple[str, list[int], int]]:
    """(kind in words, number by verdict in the order of VERDICTS, all): each entity once, at its gravest; one query."""
    rows = (
        AlertEvidence.objects.filter(alert__incident=incident, type__in=ARTEFACTS)
        .order_by()
        .values("type", "key")
        .annotate(verdict=Min("verdict"))
    )
    found: dict[str, Counter[str]] = {}
    for row in rows[:20_000]:
        found.setdefault(row["type"], Counter())[row["verdict"]] += 1
    return [
        (WORDS[kind], [found[kind][verdict] for verdict in VERDICTS], found[kind].total())
        for kind in ARTEFACTS
        if kind in found
    ]


def scope(incident: int, *, actor: Actor) -> list[tuple[str, str, Sequence[Asset], int]]:
    """(key, words, the first assets, how many there are) of each kind; those at the highest risk first where it is known."""
    listed = ((key, label, assets(incident, key, actor=actor)[0]) for key, label in KINDS)
    return [(key, label, found[:ASSETS_SHOWN], len(found)) for key, label, found in listed]
