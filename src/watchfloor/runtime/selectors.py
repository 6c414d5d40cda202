"""Reads of cursors and health."""

from watchfloor.runtime.contracts import Health
from watchfloor.runtime.models import Cursor, PartHealth
from watchfloor.runtime.parts import page_of


def cursor_position(name: str) -> int:
    """How far reader `name` has read; 0 before its first read."""
    return Cursor.objects.filter(name=name).values_list("position", flat=True).first() or 0


def cursor_positions(*names: str) -> dict[str, int]:
    """How far each of these readers has read, with one query."""
    read = dict(Cursor.objects.filter(name__in=names).values_list("name", "position"))
    return {name: read.get(name, 0) for name in names}


def health() -> tuple[Health, ...]:
    """Every part that reported, failing first."""
    order = {"failing": 0, "warning": 1, "ok": 2}
    rows = sorted(PartHealth.objects.all(), key=lambda row: (order.get(row.state, 3), row.part))
    return tuple(Health(row.part, row.state, row.sentence, row.since, page_of(row.part)) for row in rows)
