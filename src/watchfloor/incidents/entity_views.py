"""The pane of one entity within an incident: what it is, which alerts name it, where else it stands, what to do next (IN-20..22)."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.incidents import selectors
from watchfloor.incidents.asset_views import ACTING
from watchfloor.incidents.assets import known_of
from watchfloor.incidents.contracts import WORDS, EvidenceItem
from watchfloor.incidents.correlation import entity_key
from watchfloor.incidents.explorer import COLUMNS, explorer_link
from watchfloor.incidents.hunts import hunts
from watchfloor.incidents.models import Alert, AlertEvidence, Incident
from watchfloor.incidents.remedied import with_locations
from watchfloor.incidents.views import actor
from watchfloor.kernel.errors import NotFound
from watchfloor.ui.services import render_page

ACCOUNTS = ("user", "mailbox")
SHOWN = 50


@requires(Permission.INCIDENT_READ)
def entity(request: HttpRequest, incident: int) -> HttpResponse:
    """The fly-out of an entity of this incident."""
    kind, value = request.GET.get("type", "")[:20], request.GET.get("value", "")[:2000].replace("\x00", "")
    item = _item(incident, kind, value)
    by = actor(request)
    facts, heads = known_of("devices" if kind == "device" else "users", [value], actor=by)
    known = facts.get(value.lower())
    context = {
        "incident": incident,
        "item": item,
        "facts": _facts(item),
        "alerts": _alerts_naming(incident, kind, value),
        "elsewhere": f"/incidents?{urlencode({'status': 'any', 'severity': 'any', 'entity': value})}",
        "elsewhere_count": _other_incidents(incident, kind, value),
        "explorer": explorer_link(kind, value, item.first_seen, item.last_seen) if kind in COLUMNS else "",
        "hunts": hunts(kind, value, item.first_seen, item.last_seen),
        "known": known,
        "known_cells": list(zip(heads, known.cells, strict=False)) if known else [],
        "may_act": kind in ACCOUNTS and any(map(by.may, ACTING)),
    }
    return render_page(request, "incidents/entity.html", context)


def _item(incident: int, kind: str, value: str) -> EvidenceItem:
    types = ACCOUNTS if kind in ACCOUNTS else (kind,)
    found = selectors.evidence_items(incident=incident, types=types, key=entity_key(kind, value), limit=2)
    if not found:
        raise NotFound("this incident names no such entity")
    return with_locations(sorted(found, key=lambda one: one.type != kind))[0]


def _facts(item: EvidenceItem) -> list[tuple[str, Any]]:
    facts = [
        ("Kind", WORDS.get(item.type, item.type)),
        ("Value", item.value),
        ("Verdict", WORDS.get(item.verdict, item.verdict)),
        ("Role", WORDS.get(item.role, item.role)),
        ("First seen", item.first_seen),
        ("Last seen", item.last_seen),
    ]
    return [*facts, *([("Lies now", item.lies)] if item.lies else [])]


def _naming(kind: str, value: str) -> Any:
    return AlertEvidence.objects.filter(key=entity_key(kind, value))


def _alerts_naming(incident: int, kind: str, value: str) -> list[Alert]:
    named = _naming(kind, value).values("alert")
    return list(Alert.objects.filter(incident=incident, pk__in=named).order_by("first_activity", "id")[:SHOWN])


def _other_incidents(incident: int, kind: str, value: str) -> int:
    alike = Incident.objects.values_list("restricted", flat=True).get(pk=incident)
    named = _naming(kind, value).filter(alert__incident__restricted=alike)
    others = named.exclude(alert__incident=incident).values("alert__incident").distinct()
    return int(others.order_by()[:1000].count())
