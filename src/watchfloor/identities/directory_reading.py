"""Reading what directories told, in order, exactly once: the cursor moves in the transaction that stores what was read."""

from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.connectors.contracts import Account as Said
from watchfloor.connectors.contracts import DirectoryGroup, Observation, ObservedKind, OwnedFile
from watchfloor.connectors.selectors import observed_after, tenant_facts
from watchfloor.identities.directory_accounts import Touched, take_accounts
from watchfloor.identities.directory_files import take_files
from watchfloor.identities.directory_groups import settle_accounts, settle_stated, take_groups
from watchfloor.identities.directory_people import manage, refresh
from watchfloor.identities.directory_rows import write_rows
from watchfloor.identities.merging import merge_by_rule
from watchfloor.identities.models import Account
from watchfloor.identities.rights import mark_privileged
from watchfloor.kernel.errors import BadInput
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor, report_health

CURSOR = "identities.directory"
KINDS = frozenset({ObservedKind.ACCOUNTS, ObservedKind.GROUPS, ObservedKind.FILES})
PART = "Directory"


def read_directory(*, now: datetime, limit: int = 20) -> int:
    """Take the next `limit` batches in; returns how many things they held, 0 when there was nothing new."""
    waiting = observed_after(cursor_position(CURSOR), kinds=KINDS, limit=limit)
    if not waiting:
        return 0
    own = tenant_facts().own_domains
    touched = Touched()
    with transaction.atomic():
        for one in waiting:
            _take(one, own=own, touched=touched)
        finish(touched, at=waiting[-1].at, now=now, own=own)
        move_cursor(CURSOR, position=waiting[-1].position)
    _say(touched)
    return sum(len(one.items) for one in waiting)


def _take(one: Observation, *, own: frozenset[str], touched: Touched) -> None:
    shape = {ObservedKind.ACCOUNTS: Said, ObservedKind.GROUPS: DirectoryGroup, ObservedKind.FILES: OwnedFile}[one.kind]
    items = _parsed(shape, one, touched)
    if one.kind == ObservedKind.ACCOUNTS:
        take_accounts(items, source=one.source, at=one.at, own=own, touched=touched, source_is_new=_is_new(one))
    elif one.kind == ObservedKind.GROUPS:
        take_groups(items, source=one.source, at=one.at, touched=touched)
    else:
        take_files(items, source=one.source, at=one.at)


def _parsed(shape: Any, one: Observation, touched: Touched) -> list[Any]:
    found = []
    for item in one.items:
        try:
            found.append(shape.from_json(item))
        except (BadInput, TypeError, ValueError) as error:
            touched.refused.append(f"{one.source}: {error}")
    return found


def _is_new(one: Observation) -> bool:
    """Whether the source is being read for the first time: what it holds was there before, nobody has just created it."""
    first = Account.objects.filter(source=one.source).order_by("first_seen_at").values_list("first_seen_at", flat=True)
    earliest = first.first()
    return earliest is None or (one.at - earliest).total_seconds() < 3600


def finish(touched: Touched, *, at: datetime, now: datetime, own: frozenset[str]) -> None:
    """What follows from accounts and groups once all of a reading are there: memberships, persons, rights, event rows."""
    settle_accounts(touched.new_keys, touched=touched)
    settle_stated(at=at, touched=touched)
    for kept, other, words in touched.merges:
        touched.people |= merge_by_rule(kept, other, words=words, at=at)
    refresh(touched.people, at=at, own=own)
    manage(touched.new_keys)
    if touched.rights:
        mark_privileged()
    write_rows(touched.accounts, touched.changes, now=now)


def _say(touched: Touched) -> None:
    if touched.refused:
        more = f" and {len(touched.refused) - 1:,} more" if len(touched.refused) > 1 else ""
        report_health(PART, state="warning", sentence=f"Not understood: {touched.refused[0][:300]}{more}")
