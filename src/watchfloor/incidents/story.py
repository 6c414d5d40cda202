"""The pictures of an incident: the graph of entities and alerts, and the queue's last 24 hours."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q

from watchfloor.incidents.contracts import WORDS, AlertSummary
from watchfloor.incidents.explorer import explorer_link
from watchfloor.incidents.models import Alert, AlertEvidence, Incident
from watchfloor.incidents.reading import entity_href
from watchfloor.incidents.seeing import seen_by

MOST_ALERTS = 12
MOST_OF_A_KIND = 3
SOURCE, ALERT, REACHED = 0, 1, 2
"""The columns of the picture: where it came from, the alerts in time order, whom it reached."""
MOST_ROWS = 5000
ACCOUNTS = {"mailbox", "user"}
NAME = 48
PLURALS = {
    "analyzedMessage": "mails",
    "mailCluster": "mail clusters",
    "account": "users",
    "sender": "senders",
    "url": "URLs",
    "file": "files",
    "ip": "IP addresses",
    "device": "devices",
    "cloudApplication": "applications",
}

Graph = dict[str, list[dict[str, Any]]]


def entity_graph(incident: int, *, alert: str = "") -> Graph:
    """Alerts and their entities as nodes and links; of a kind with more than three members the rest is one node. Two queries.

    With `alert`, only that one. Entities carry `pane`, the address of what is known of them within the incident.
    """
    chosen = Alert.objects.filter(incident=incident, **({"alert_id": alert} if alert else {}))
    alerts = list(chosen.order_by("first_activity", "id")[:MOST_ALERTS])
    evidence = list(AlertEvidence.objects.filter(alert__in=alerts).order_by("id")[:MOST_ROWS])
    subjects: dict[str, str] = {}
    for item in evidence:
        if item.type == "analyzedMessage" and item.label:
            subjects.setdefault(item.value, item.label)
    of: dict[tuple[str, str], set[str]] = defaultdict(set)
    facts: dict[tuple[str, str], AlertEvidence] = {}
    values: dict[tuple[str, str], list[str]] = defaultdict(list)
    ids = {alert.pk: alert.alert_id for alert in alerts}
    for item in evidence:
        entity = _entity(item, subjects)
        of[entity].add(ids[item.alert_id])
        if item.value not in values[entity]:
            values[entity].append(item.value)
        if entity not in facts or item.role == "compromised":
            facts[entity] = item
    nodes: list[dict[str, Any]] = [
        {
            "id": alert.alert_id,
            "name": _short(alert.title),
            "group": "Alert",
            "href": f"/alerts/{alert.alert_id}",
            "size": 30,
            "column": ALERT,
        }
        for alert in alerts
    ]
    links: list[dict[str, Any]] = []
    for kind in dict.fromkeys(kind for kind, _ in of):
        _add_kind(kind, of, facts, values, nodes, links)
    for node in nodes:
        if named := node.pop("entity", None):
            node["pane"] = f"/incidents/{incident}/entity?{urlencode(named)}"
    return {"nodes": nodes, "links": links}


@dataclass(frozen=True, slots=True)
class Step:
    """One alert of the play-back: the nodes that it brings in, and those that the picture holds once it happened."""

    alert_id: str
    title: str
    severity: str
    at: datetime
    nodes: tuple[str, ...]


def steps_of(graph: Graph, alerts: Sequence[AlertSummary]) -> list[Step]:
    """The alerts of the picture in the order of the attack; each with its own node and those it is linked with."""
    linked: dict[str, list[str]] = defaultdict(list)
    for link in graph["links"]:
        linked[link["source"]].append(link["target"])
    drawn = {node["id"] for node in graph["nodes"] if node["group"] == "Alert"}
    return [
        Step(one.alert_id, one.title, one.severity, one.first_activity, (one.alert_id, *linked[one.alert_id]))
        for one in alerts
        if one.alert_id in drawn
    ]


def _entity(item: AlertEvidence, subjects: Mapping[str, str]) -> tuple[str, str]:
    """What is one node: an account whether named as mailbox or user, mails of one subject, links that differ after “?”.

    A mail is of one subject, whichever alert names it and with what.
    """
    if item.type == "analyzedMessage":
        return item.type, subjects.get(item.value, item.value)
    if item.type == "url":
        return item.type, item.value.split("?")[0].split("#")[0]
    return ("account" if item.type in ACCOUNTS else item.type), item.value


def _add_kind(
    kind: str,
    of: dict[tuple[str, str], set[str]],
    facts: dict[tuple[str, str], AlertEvidence],
    values: dict[tuple[str, str], list[str]],
    nodes: list[dict[str, Any]],
    links: list[dict[str, Any]],
) -> None:
    """The entities of one kind that tie most alerts together, or acted, as nodes of their own; the others as one."""
    members = [entity for entity in of if entity[0] == kind]
    members.sort(key=lambda entity: (facts[entity].role != "compromised", -len(of[entity])))
    shown = members if len(members) <= MOST_OF_A_KIND + 1 else members[:MOST_OF_A_KIND]
    for entity in shown:
        item = facts[entity]
        identity = f"{kind}:{item.value}"
        nodes.append(_node(identity, kind, item, values[entity]))
        links += [{"source": alert, "target": identity, "label": _how(item)} for alert in sorted(of[entity])]
    rest = members[len(shown) :]
    if rest:
        identity = f"{kind}:more"
        name = f"{len(rest)} more {PLURALS[kind]}"
        nodes.append({"id": identity, "name": name, "group": _group(kind), "size": 22, "column": _column(kind)})
        touching = sorted({alert for entity in rest for alert in of[entity]})
        links += [{"source": alert, "target": identity, "label": "touches"} for alert in touching]


def _group(kind: str) -> str:
    return "User" if kind == "account" else WORDS[kind]


def _column(kind: str) -> int:
    return REACHED if kind == "account" else SOURCE


def _node(identity: str, kind: str, item: AlertEvidence, values: Sequence[str]) -> dict[str, Any]:
    several = len(values) > 1 and kind != "account"
    node: dict[str, Any] = {
        "id": identity,
        "name": _short(_name(kind, item, len(values) if several else 1)),
        "group": _group(kind),
        "href": explorer_link(item.type, values, item.first_seen, item.last_seen)
        if several
        else entity_href(item.type, item.value, item.first_seen, item.last_seen),
        "size": 22,
        "column": _column(kind),
        "entity": {"type": item.type, "value": item.value},
    }
    return node | ({"tone": "danger"} if item.role == "compromised" or item.verdict == "malicious" else {})


def _name(kind: str, item: AlertEvidence, number: int) -> str:
    name = item.label if kind in ("analyzedMessage", "file", "mailCluster") and item.label else item.value
    if kind == "url":
        name = name.split("?")[0].split("#")[0]
    return f"{number:,} × {name}" if number > 1 else name


def _how(item: AlertEvidence) -> str:
    return {"source": "comes from", "impacted": "reaches", "compromised": "names as acting"}.get(item.role, "mentions")


def _short(text: str) -> str:
    return text if len(text) <= NAME else f"{text[: NAME - 1]}…"


def last_day(*, now: datetime) -> dict[str, Any]:
    """Alerts raised and incidents opened per hour of the last 24 (IN-02); two queries, each over a day of an index."""
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    hours = [start + timedelta(hours=number) for number in range(24)]

    def counts(rows: Any) -> list[int]:
        within = {
            f"h{place}": Count("pk", filter=Q(created_at__gte=hour, created_at__lt=hour + timedelta(hours=1)))
            for place, hour in enumerate(hours)
        }
        found = rows.filter(created_at__gte=start).aggregate(**within)
        return [found[f"h{place}"] for place in range(24)]

    return {
        "categories": [f"{hour:%H}:00" for hour in hours],
        "series": [
            {"name": "Alerts received", "values": counts(Alert.objects.filter(seen_by(None, "incident__")))},
            {"name": "Incidents created", "values": counts(Incident.objects.filter(seen_by(None)))},
        ],
    }
