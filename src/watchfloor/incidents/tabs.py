"""What each tab of an incident's page shows (IN-20..39)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from watchfloor.access.contracts import Actor
from watchfloor.incidents import selectors
from watchfloor.incidents.asset_views import asset_context
from watchfloor.incidents.attack_paths import attack_paths, path_map
from watchfloor.incidents.contracts import HistoryFilter, IncidentSummary
from watchfloor.incidents.filters import read_moment
from watchfloor.incidents.reading import history_people
from watchfloor.incidents.remedied import with_locations
from watchfloor.incidents.similar import similar_incidents
from watchfloor.incidents.story import entity_graph, steps_of
from watchfloor.incidents.summary import VERDICTS, by_severity, evidence_counts, scope, stages
from watchfloor.kernel.clock import utc_now

ARTEFACTS = ("analyzedMessage", "mailCluster", "sender", "url", "file", "ip", "device", "cloudApplication")
HISTORY_KINDS = (
    *("comment", "status", "assigned", "classified", "severity", "renamed", "tagged", "untagged", "created", "linked"),
    *("unlinked", "merged", "unmerged", "hit", "notified", "exported"),
)
TABS = (
    ("story", "Attack story"),
    ("alerts", "Alerts"),
    ("assets", "Assets"),
    ("paths", "Attack paths"),
    ("investigations", "Investigations"),
    ("evidence", "Evidence and response"),
    ("summary", "Summary"),
    ("similar", "Similar incidents"),
    ("activity", "Activity log"),
)


def tab_context(request: HttpRequest, found: IncidentSummary, tab: str, *, actor: Actor) -> dict[str, Any]:
    """The context of one tab."""
    return CONTEXTS[tab](request, found, actor)


def _story(request: HttpRequest, found: IncidentSummary, actor: Actor) -> dict[str, Any]:
    alerts, graph = selectors.alerts_of_incident(found.id), entity_graph(found.id)
    steps = steps_of(graph, alerts)
    links = [(link["source"], link["target"]) for link in graph["links"]]
    told = [
        {
            "id": one.alert_id,
            "nodes": one.nodes,
            "label": f"{place} of {len(steps)}: {one.title}, {one.at:%Y-%m-%d %H:%M} UTC",
        }
        for place, one in enumerate(steps, 1)
    ]
    return {
        "alerts": alerts,
        "graph": graph,
        "steps": steps,
        "entities": [node for node in graph["nodes"] if "pane" in node],
        "playback": {"steps": told, "links": links},
    }


def _alerts(request: HttpRequest, found: IncidentSummary, actor: Actor) -> dict[str, Any]:
    return {"alerts": selectors.alerts_of_incident(found.id)}


def _assets(request: HttpRequest, found: IncidentSummary, actor: Actor) -> dict[str, Any]:
    return asset_context(found, request.GET.get("kind", ""), actor=actor)


def _paths(request: HttpRequest, found: IncidentSummary, actor: Actor) -> dict[str, Any]:
    paths, accounts, may_see = attack_paths(found.id, actor=actor, now=utc_now())
    return {"paths": paths, "accounts": accounts, "may_see": may_see, "map": path_map(paths)}


def _evidence(request: HttpRequest, found: IncidentSummary, actor: Actor) -> dict[str, Any]:
    chosen = request.GET.get("type", "")
    types = (chosen,) if chosen in ARTEFACTS else ARTEFACTS
    items = with_locations(selectors.evidence_items(incident=found.id, types=types))
    return {
        "kinds": ARTEFACTS,
        "chosen_type": chosen,
        "items": items,
    }


def _investigations(request: HttpRequest, found: IncidentSummary, actor: Actor) -> dict[str, Any]:
    """Nothing from here: the slice above fills the tab when it is open."""
    return {}


def _summary(request: HttpRequest, found: IncidentSummary, actor: Actor) -> dict[str, Any]:
    return {
        "stages": stages(found.id),
        "severities_of": by_severity(found.id),
        "scope": scope(found.id, actor=actor),
        "evidence": evidence_counts(found.id),
        "verdicts": VERDICTS,
    }


def _similar(request: HttpRequest, found: IncidentSummary, actor: Actor) -> dict[str, Any]:
    return {"similar": similar_incidents(found.id)}


def asked_history(parameters: Any) -> HistoryFilter:
    """The filter of an activity log as it stands in an address."""
    text = {
        name: str(parameters.get(name, "")).replace("\x00", "").strip()[:300]
        for name in ("origin", "kind", "by", "target", "words")
    }
    return HistoryFilter(**text, start=read_moment(parameters.get("from")), end=read_moment(parameters.get("to")))


def _activity(request: HttpRequest, found: IncidentSummary, actor: Actor) -> dict[str, Any]:
    asked = asked_history(request.GET)
    return {
        "asked": asked,
        "history": selectors.history_of(incident=found.id, asked=asked),
        "history_kinds": HISTORY_KINDS,
        "people": history_people(found.id),
    }


CONTEXTS: dict[str, Callable[[HttpRequest, IncidentSummary, Actor], dict[str, Any]]] = {
    "story": _story,
    "alerts": _alerts,
    "assets": _assets,
    "paths": _paths,
    "investigations": _investigations,
    "evidence": _evidence,
    "summary": _summary,
    "similar": _similar,
    "activity": _activity,
}
