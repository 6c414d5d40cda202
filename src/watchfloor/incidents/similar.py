"""What is alike: other incidents that share entities with one, in a ratio of how many; alerts like one alert (IN-39, AL-06).

Read from the index of evidence keys, never by comparing pairs; a fixed number of queries whatever the number of incidents.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from watchfloor.detection.contracts import EvidenceType
from watchfloor.incidents.contracts import WORDS, AlertSummary, Correlation, IncidentSummary
from watchfloor.incidents.models import Alert, AlertEvidence, Incident, IncidentLink
from watchfloor.incidents.reading import alert_summary, incident_summary

MOST_KEYS = 400
MOST_ROWS = 20_000
NAMED = 3


@dataclass(frozen=True, slots=True)
class Similar:
    """Another incident: `shared` of this one's `of` entities are its too; `entities` names some, `rules` are policies of both."""

    incident: IncidentSummary
    shared: int
    of: int
    entities: tuple[tuple[str, str], ...]
    rules: int

    @property
    def words(self) -> str:
        """“7 of 9 entities: sender a@x.example, URL https://x.example and 5 more”."""
        named = ", ".join(f"{_kind(kind)} {value[:80]}" for kind, value in self.entities[:NAMED])
        more = f" and {self.shared - NAMED} more" if self.shared > NAMED else ""
        entities = (
            f"{self.shared} of {self.of} {'entity' if self.of == 1 else 'entities'}: {named}{more}"
            if self.shared
            else ""
        )
        rules = f"{self.rules} alert polic{'y' if self.rules == 1 else 'ies'} in common" if self.rules else ""
        return "; ".join(filter(None, (entities, rules)))


def _kind(kind: str) -> str:
    name = WORDS.get(kind, kind)
    return name if name.startswith(("URL", "IP")) else name.lower()


def similar_incidents(incident: int, *, limit: int = 50) -> tuple[Similar, ...]:
    """Other incidents that share an entity which is not in everybody's alerts, most shared first; merged ones are left out."""
    keys = _telling_keys(Q(alert__incident=incident))
    if not keys:
        return ()
    shared: dict[int, dict[str, tuple[str, str]]] = defaultdict(dict)
    rows = AlertEvidence.objects.filter(key__in=list(keys)).exclude(alert__incident=incident).order_by("-pk")
    for number, key in rows.values_list("alert__incident", "key")[:MOST_ROWS]:
        shared[number][key] = keys[key]
    best = sorted(shared, key=lambda number: -len(shared[number]))[:limit]
    alike = Q(restricted=Incident.objects.values_list("restricted", flat=True).get(pk=incident))
    found = Incident.objects.filter(alike).exclude(status="redirected").in_bulk(best)
    rules = _rules_shared(incident, best)
    return tuple(
        Similar(
            incident_summary(found[one]), len(shared[one]), len(keys), _telling_first(shared[one].values()), rules[one]
        )
        for one in best
        if one in found
    )


def _telling_first(entities: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """What an attacker brought before the people it reached."""
    return tuple(sorted(entities, key=lambda one: one[0] == "account"))


def _telling_keys(about: Q) -> dict[str, tuple[str, str]]:
    """The entities by key, without those that stand in so many alerts that they tell nothing."""
    telling = AlertEvidence.objects.filter(about).exclude(type=EvidenceType.APPLICATION).order_by("pk")
    mine = telling.values_list("key", "type", "label", "value")[:MOST_ROWS]
    found: dict[str, tuple[str, str]] = {}
    for key, kind, label, value in mine:
        named = label if label and kind in ("analyzedMessage", "mailCluster", "file") else value
        found.setdefault(key, ("account" if kind in ("mailbox", "user") else kind, named))
        if len(found) == MOST_KEYS:
            break
    common = (
        AlertEvidence.objects.filter(key__in=list(found)).order_by().values("key").annotate(n=Count("pk"))
    ).filter(n__gt=Correlation().ubiquitous_specific)
    for row in common:
        found.pop(row["key"], None)
    return found


def _rules_shared(incident: int, others: Sequence[int]) -> Counter[int]:
    mine = list(Alert.objects.filter(incident=incident).order_by().values_list("rule_id", flat=True).distinct()[:200])
    pairs = (
        Alert.objects.filter(incident__in=others, rule_id__in=mine).order_by().values("incident", "rule_id").distinct()
    )
    return Counter(row["incident"] for row in pairs)


def similar_alerts(alert: str, *, limit: int = 50) -> tuple[tuple[AlertSummary, str], ...]:
    """Alerts of the same policy, and alerts that name the same entities, each with why in words; most shared first."""
    row = Alert.objects.get(alert_id=alert)
    keys = _telling_keys(Q(alert=row))
    shared: Counter[int] = Counter()
    rows = (
        AlertEvidence.objects.filter(key__in=list(keys)).exclude(alert=row).order_by("-pk").values_list("alert", "key")
    )
    for pair in {(int(pk), str(key)) for pk, key in rows[:MOST_ROWS]}:
        shared[pair[0]] += 1
    same = Alert.objects.filter(rule_id=row.rule_id).exclude(pk=row.pk).order_by("-last_activity", "-pk")
    candidates = dict.fromkeys(
        [*(number for number, _ in shared.most_common(limit)), *same.values_list("pk", flat=True)[:limit]]
    )
    alike = Q(incident__restricted=row.incident.restricted)
    found = Alert.objects.filter(alike).select_related("incident", "tuned_by").in_bulk(list(candidates))
    links = {link.alert_id: link for link in IncidentLink.objects.filter(alert__in=list(found), current=True)}
    listed = sorted(found.values(), key=lambda one: (-shared[one.pk], one.rule_id != row.rule_id, -one.pk))[:limit]
    return tuple(
        (alert_summary(one, link=links.get(one.pk)), _why(shared[one.pk], len(keys), one.rule_id == row.rule_id))
        for one in listed
    )


def _why(shared: int, of: int, same_rule: bool) -> str:
    parts = [f"{shared} of {of} {'entity' if of == 1 else 'entities'}"] if shared else []
    return ", ".join([*parts, *(["same alert policy"] if same_rule else [])])
