"""A recorded event as the row our table would hold for it: the mapping of rules, read in the other direction.

Rules are tried on events that their authors recorded; what a rule finds in its own recording shows that its mapping is right.
"""

from collections.abc import Mapping
from typing import Any

from watchfloor.hunting.sigma.logsources import Events

HASHES = ("Hashes", "Hash")


def row_of(event: Mapping[str, Any], events: Events) -> dict[str, Any]:
    """The row of a flat event (field to value) or, where the table keeps the record itself, of any event."""
    row: dict[str, Any] = {column: values[0] for column, values in events.kinds.items()}
    if events.record:
        row[events.record] = dict(event)
    for name, value in _fields(event):
        place = events.fields.get(name)
        if place is not None and value not in (None, ""):
            place.put(row, value)
    return row


def _fields(event: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The event's fields, hashes each under its own name."""
    found = [(name, value) for name, value in event.items() if name not in HASHES]
    for name in HASHES:
        pairs = [one.partition("=") for one in str(event.get(name) or "").split(",") if "=" in one]
        found += [(kind.strip(), value.strip()) for kind, _, value in pairs]
    return found
