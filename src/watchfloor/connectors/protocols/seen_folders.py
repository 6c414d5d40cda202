"""What a reader of files saw in each folder the last time, kept a row a folder."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchfloor.connectors.models import SourceState
from watchfloor.kernel.clock import utc_now

PREFIX = "folder "
AT_ONCE = 200


@dataclass(slots=True)
class Seen:
    """One folder: `below` its path under the root, `mark` what told its state, `children` plain JSON by name or id.

    `why` is the reason it could not be read, "" when it could.
    """

    below: str
    mark: str = ""
    children: dict[str, Any] = field(default_factory=dict)
    why: str = ""

    @property
    def part(self) -> str:
        return PREFIX + hashlib.sha256(self.below.encode()).hexdigest()


def seen_in(connection: str) -> dict[str, Seen]:
    """Every folder of the last scan, by its path."""
    rows = SourceState.objects.filter(connection=connection, part__startswith=PREFIX).values_list("state", flat=True)
    found = (
        Seen(state["below"], state["mark"], state["children"], state.get("why", "")) for state in rows.iterator(AT_ONCE)
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
    return {"below": one.below, "mark": one.mark, "children": one.children} | ({"why": one.why} if one.why else {})
