"""What was seen in each folder the last time: names with the time of their last change, kept a row a folder."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from watchfloor.connectors.models import SourceState
from watchfloor.kernel.clock import utc_now

PREFIX = "folder "
AT_ONCE = 200


@dataclass(slots=True)
class Seen:
    """One folder: `below` and the names of its `children` are escaped paths, their change times in nanoseconds.

    `gate` is who got through to it, as text; `why` the reason it could not be read.
    """

    below: str
    gate: str = ""
    children: dict[str, int] = field(default_factory=dict)
    why: str = ""

    @property
    def part(self) -> str:
        return PREFIX + hashlib.sha256(self.below.encode()).hexdigest()


def seen_in(connection: str) -> dict[str, Seen]:
    """Every folder of the last scan, by its escaped path."""
    rows = SourceState.objects.filter(connection=connection, part__startswith=PREFIX).values_list("state", flat=True)
    found = (
        Seen(state["below"], state["gate"], state["children"], state.get("why", "")) for state in rows.iterator(AT_ONCE)
    )
    return {one.below: one for one in found}


def keep_seen(connection: str, folders: Iterable[Seen]) -> None:
    """Keep these folders; joins the caller's transaction."""
    now = utc_now()
    SourceState.objects.bulk_create(
        [SourceState(connection=connection, part=one.part, state=_state(one), changed_at=now) for one in folders],
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["connection", "part"],
        update_fields=["state", "changed_at"],
    )


def forget_seen(connection: str, folders: Iterable[Seen]) -> None:
    """Forget these folders; joins the caller's transaction."""
    parts = [one.part for one in folders]
    for n in range(0, len(parts), AT_ONCE):
        SourceState.objects.filter(connection=connection, part__in=parts[n : n + AT_ONCE]).delete()


def _state(one: Seen) -> Mapping[str, object]:
    return {"below": one.below, "gate": one.gate, "children": one.children} | ({"why": one.why} if one.why else {})
