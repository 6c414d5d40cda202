"""A connection to the Graph lab, and what it has observed so far."""

from labs.graph import Graph
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.observing import observed_after
from watchfloor.connectors.systems.microsoft365 import SYSTEM


def settings_for(graph: Graph, **more: str) -> dict[str, str]:
    """The connection's settings as they are stored, pointed at the lab."""
    usual = {setting.name: setting.default for setting in SYSTEM.settings}
    return usual | {
        "tenant_id": graph.tenant.id,
        "client_id": graph.tenant.client_id,
        "client_secret": graph.tenant.client_secret,
        "login_url": graph.url,
        "graph_url": graph.url,
        "activity_url": f"{graph.url}/manage",
        "seconds": "0",
        **more,
    }


def items(kind: ObservedKind, table: str = "") -> list[dict]:
    """Everything observed of this kind, oldest first."""
    batches = observed_after(0, kinds=[kind], limit=10_000)
    return [item for batch in batches if not table or batch.table == table for item in batch.items]
