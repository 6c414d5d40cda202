"""Bringing the directory in."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.identities.contracts import DirectoryEntry, ImportOutcome
from watchfloor.identities.models import DirectoryPerson
from watchfloor.identities.page.registry import register_person_action, register_person_panel
from watchfloor.identities.scoring.services import change_scale, confirm_compromised, dismiss_risk, void_point
from watchfloor.identities.selectors import people_by_address
from watchfloor.kernel.errors import BadInput

__all__ = [
    "change_scale",
    "confirm_compromised",
    "dismiss_risk",
    "import_csv",
    "import_people",
    "people_in_csv",
    "register_person_action",
    "register_person_panel",
    "void_point",
]

audit_verb("directory.import", "{actor} imported people into the directory from {target}")

FIELDS = ("name", "department", "title", "manager", "groups", "tags")
CHUNK = 500


def import_people(*, by: Actor, entries: Iterable[DirectoryEntry], source: str, now: datetime) -> ImportOutcome:
    """Add or update people by address; whoever is not among `entries` stays. The last entry of an address counts.

    Needs CONNECTION_MANAGE, as the directory is a connected source. Raises BadInput for an entry without an address.
    """
    people = {entry.address.strip().lower(): entry for entry in entries}
    for address, entry in people.items():
        if "@" not in address:
            raise BadInput(f"“{entry.address}” is no mail address", place="address")
    with audited(
        by=by, permission=Permission.CONNECTION_MANAGE, verb="directory.import", target_type="directory", target=source
    ) as result:
        outcome = _upsert(people, source=source, now=now)
        result["after"] = {"added": outcome.added, "changed": outcome.changed, "unchanged": outcome.unchanged}
    return outcome


def _upsert(people: dict[str, DirectoryEntry], *, source: str, now: datetime) -> ImportOutcome:
    rows = [_row(address, entry, source=source, now=now) for address, entry in people.items()]
    added = changed = 0
    with transaction.atomic():
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            known = people_by_address(row.address for row in chunk)
            added += sum(row.address not in known for row in chunk)
            changed += sum(row.address in known and _differs(row, known[row.address]) for row in chunk)
            DirectoryPerson.objects.bulk_create(
                chunk,
                update_conflicts=True,
                unique_fields=["address"],
                update_fields=[*FIELDS, "source", "imported_at"],
            )
    return ImportOutcome(added=added, changed=changed, unchanged=len(rows) - added - changed)


def _row(address: str, entry: DirectoryEntry, *, source: str, now: datetime) -> DirectoryPerson:
    return DirectoryPerson(
        address=address,
        name=entry.name.strip() or address,
        department=entry.department.strip(),
        title=entry.title.strip(),
        manager=entry.manager.strip().lower(),
        groups=list(entry.groups),
        tags=list(entry.tags),
        source=source,
        imported_at=now,
    )


def _differs(row: DirectoryPerson, known: DirectoryEntry) -> bool:
    return any(
        tuple(new) != tuple(old) if isinstance(new, list) else new != old
        for new, old in ((getattr(row, field), getattr(known, field)) for field in FIELDS)
    )


def people_in_csv(text: str) -> tuple[DirectoryEntry, ...]:
    """Read people from CSV with a header line naming address, name and, when wanted, department, title, manager, groups, tags.

    Several groups or tags of one person are separated by semicolons. Raises BadInput naming the line.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    heads = {(head or "").strip().lower(): head for head in reader.fieldnames or ()}
    missing = [name for name in ("address", "name") if name not in heads]
    if missing:
        raise BadInput(
            f"the header lacks {' and '.join(missing)}; columns are address, {', '.join(FIELDS)}", place="line 1"
        )
    unknown = [head for name, head in heads.items() if name not in ("address", *FIELDS)]
    if unknown:
        raise BadInput(f"unknown column “{unknown[0]}”; columns are address, {', '.join(FIELDS)}", place="line 1")
    return tuple(_entry(row, heads, line=reader.line_num) for row in reader)


def _entry(row: dict[str, str], heads: dict[str, str], *, line: int) -> DirectoryEntry:
    def cell(name: str) -> str:
        return (row.get(heads.get(name, "")) or "").strip()

    def several(name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in cell(name).split(";") if part.strip())

    if "@" not in cell("address"):
        raise BadInput(f"“{cell('address')}” is no mail address", place=f"line {line}")
    return DirectoryEntry(
        address=cell("address").lower(),
        name=cell("name"),
        department=cell("department"),
        title=cell("title"),
        manager=cell("manager").lower(),
        groups=several("groups"),
        tags=several("tags"),
    )


def import_csv(*, by: Actor, text: str, source: str, now: datetime) -> ImportOutcome:
    """Import a directory given as CSV (see `people_in_csv`)."""
    return import_people(by=by, entries=people_in_csv(text), source=source, now=now)
