"""An incident as a PDF: the sections somebody chose, whole unless they ask for the first lines only (IN-18)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.incidents import selectors
from watchfloor.incidents.assets import KINDS, assets
from watchfloor.incidents.contracts import IncidentSummary
from watchfloor.incidents.history import note
from watchfloor.incidents.models import Incident
from watchfloor.incidents.remedied import with_locations
from watchfloor.incidents.similar import similar_incidents
from watchfloor.incidents.story import entity_graph
from watchfloor.incidents.summary import VERDICTS, by_severity, evidence_counts, stages
from watchfloor.incidents.tabs import ARTEFACTS
from watchfloor.inspection.services import print_pdf
from watchfloor.kernel.errors import BadInput
from watchfloor.ui.services import printed

audit_verb("incident.export", "{actor} exported the incident {target} as PDF")

SECTIONS = (
    ("overview", "Overview"),
    ("graph", "Attack story graph"),
    ("alerts", "Alerts"),
    ("assets", "Assets"),
    ("evidence", "Evidence"),
    ("similar", "Similar incidents"),
    ("activity", "Activity log with comments"),
)
EVERYTHING = 100_000
"""More rows of one section than this nobody prints; Chromium would not either."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sections, and how many rows of each at most (0: all)."""

    sections: tuple[str, ...]
    rows: int = 0


def incident_pdf(*, incident: int, wanted: Wanted, by: Actor, at: datetime) -> bytes:
    """The document as bytes. Raises BadInput for no section, NotFound, NoRenderer when no Chromium is there or it failed."""
    with audited(
        by=by,
        permission=Permission.INCIDENT_READ,
        verb="incident.export",
        target_type="incident",
        target=str(incident),
    ) as result:
        if not wanted.sections:
            raise BadInput("choose at least one section", place="section")
        document = print_pdf(as_html(incident=incident, wanted=wanted, by=by, at=at))
        result["after"] = {"sections": list(wanted.sections), "bytes": len(document)}
    row = Incident.objects.get(pk=incident)
    note(by=by, at=at, kind="exported", text=f"Exported as PDF: {', '.join(wanted.sections)}", incident=row)
    return document


def as_html(*, incident: int, wanted: Wanted, by: Actor, at: datetime) -> str:
    """The document that is printed; every name in it is escaped as on our pages."""
    found = selectors.incident(incident)
    context: dict[str, Any] = {"incident": found, "sections": wanted.sections, "limit": wanted.rows}
    for section in wanted.sections:
        context |= PARTS[section](found, wanted.rows or EVERYTHING, by)
    return printed("incidents/print.html", context, by=by.name, at=at)


def _overview(found: IncidentSummary, limit: int, by: Actor) -> dict[str, Any]:
    return {
        "stages": stages(found.id),
        "severities_of": by_severity(found.id),
        "counted": evidence_counts(found.id),
        "verdicts": VERDICTS,
    }


def _graph(found: IncidentSummary, limit: int, by: Actor) -> dict[str, Any]:
    graph = entity_graph(found.id)
    return {"graph": {"nodes": [{**one, "href": ""} for one in graph["nodes"]], "links": graph["links"]}}


def _alerts(found: IncidentSummary, limit: int, by: Actor) -> dict[str, Any]:
    return {"alerts": selectors.alerts_of_incident(found.id, limit=limit)}


def _assets(found: IncidentSummary, limit: int, by: Actor) -> dict[str, Any]:
    listed = [(label, *assets(found.id, key, actor=by, limit=EVERYTHING)) for key, label in KINDS]
    return {"assets": [(label, rows[:limit], heads, len(rows)) for label, rows, heads in listed]}


def _evidence(found: IncidentSummary, limit: int, by: Actor) -> dict[str, Any]:
    items: Sequence[Any] = selectors.evidence_items(incident=found.id, types=ARTEFACTS, limit=limit)
    return {"evidence": with_locations(items)}


def _similar(found: IncidentSummary, limit: int, by: Actor) -> dict[str, Any]:
    return {"similar": similar_incidents(found.id, limit=min(limit, 500))}


def _activity(found: IncidentSummary, limit: int, by: Actor) -> dict[str, Any]:
    return {"history": selectors.history_of(incident=found.id, limit=limit)}


PARTS = {
    "overview": _overview,
    "graph": _graph,
    "alerts": _alerts,
    "assets": _assets,
    "evidence": _evidence,
    "similar": _similar,
    "activity": _activity,
}
