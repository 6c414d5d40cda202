"""The ways from a person to sensitive accounts and groups, as a graph and as a table (US-28)."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchfloor.identities.contracts import Hop, SensitivePath
from watchfloor.identities.page.known import Known
from watchfloor.identities.reach import paths_to_sensitive

LABELS = {"person": "Person", "group": "Group", "device": "Device"}
SPANS = (2, 7, 30, 90)
DRAWN = 12
"""Ways in the graph; the table has all."""


def ways(known: Known, *, days: int) -> Mapping[str, Any]:
    """What the fragment shows; `days` is how far back sign-ins to devices count."""
    days = days if days in SPANS else 30
    found = paths_to_sensitive(known.person.pk, actor=known.actor, now=known.now, days=days)
    return {
        "person": known.person,
        "paths": found,
        "graph": graph(found[:DRAWN]),
        "days": days,
        "spans": [(one, f"{known.person.href}/paths?days={one}", one == days) for one in SPANS],
    }


def graph(paths: Iterable[SensitivePath]) -> Mapping[str, Any]:
    """Each end once, in the column of its nearest way; targets are framed as dangerous."""
    nodes: dict[str, dict[str, Any]] = {}
    links: dict[tuple[str, str], dict[str, str]] = {}
    for path in paths:
        for place, hop in enumerate(path.edges):
            start, end = _node(nodes, hop, place, "from"), _node(nodes, hop, place + 1, "to")
            links[start, end] = {"source": start, "target": end, "label": hop.kind}
        if path.edges:
            last = path.edges[-1]
            nodes[f"{last.to_kind}:{last.to_name}"]["tone"] = "danger"
    return {"nodes": list(nodes.values()), "links": list(links.values())} if nodes else {}


def _node(nodes: dict[str, dict[str, Any]], hop: Hop, column: int, end: str) -> str:
    kind, name, href = (
        (hop.from_kind, hop.from_name, hop.from_href) if end == "from" else (hop.to_kind, hop.to_name, hop.to_href)
    )
    key = f"{kind}:{name}"
    nodes.setdefault(key, {"id": key, "name": name, "group": LABELS.get(kind, kind), "href": href, "column": column})
    return key
