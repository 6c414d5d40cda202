"""Directories that only tell everything: what is told is compared with what was told before, and only the difference handed on."""

import json
from collections.abc import Callable, Mapping

from watchfloor.connectors.contracts import Account, DirectoryGroup, ObservedKind
from watchfloor.connectors.observing import observe, recall, remember
from watchfloor.connectors.protocols.event_log import mark_of
from watchfloor.kernel.errors import BadInput

LOST_AT_MOST = 0.5
"""Of more than a hundred known, no more may vanish at once: a list cut short looks just so."""
MANY = 100


def observe_accounts(source: str, accounts: Mapping[str, Account], *, provider: str) -> int:
    """Hand on accounts that are new or changed, and those that are gone. Returns how many. Raises BadInput for a list cut short."""
    return _observe(source, ObservedKind.ACCOUNTS, accounts, lambda key: Account(key, provider, deleted=True))


def observe_groups(source: str, groups: Mapping[str, DirectoryGroup]) -> int:
    """As `observe_accounts`."""
    return _observe(source, ObservedKind.GROUPS, groups, lambda key: DirectoryGroup(key, "", deleted=True))


def _observe(
    source: str,
    kind: ObservedKind,
    told: Mapping[str, Account] | Mapping[str, DirectoryGroup],
    gone: Callable[[str], Account | DirectoryGroup],
) -> int:
    known: dict[str, str] = recall(source, f"told {kind.value}").get("marks", {})
    lost = sorted(known.keys() - told.keys())
    if known and (not told or (len(known) > MANY and len(lost) > LOST_AT_MOST * len(known))):
        raise BadInput(f"the list tells of {len(told)} {kind.value} where {len(known)} were known; nothing is removed")
    shapes = {key: one.as_json() for key, one in told.items()}
    marks = {key: mark_of(json.dumps(shape, sort_keys=True)) for key, shape in shapes.items()}
    items = [shapes[key] for key, mark in marks.items() if known.get(key) != mark]
    items += [gone(key).as_json() for key in lost]
    return observe(
        kind=kind,
        source=source,
        items=items,
        alongside=lambda: remember(source, f"told {kind.value}", {"marks": marks}),
    )
