"""People given as CSV: each line an account of the provider CSV, joined to a person like any other."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.contracts import Account as Said
from watchfloor.connectors.selectors import tenant_facts
from watchfloor.identities.contracts import DirectoryEntry, ImportOutcome
from watchfloor.identities.directory_accounts import Touched, take_accounts
from watchfloor.identities.directory_reading import finish
from watchfloor.identities.models import Account, DirectoryPerson, Group
from watchfloor.identities.naming import kept_key
from watchfloor.kernel.errors import BadInput

CHUNK = 1000
audit_verb("directory.import", "{actor} imported people into the directory from {target}")

FIELDS = ("name", "department", "title", "manager", "groups", "tags")
SOURCE = "CSV"
"""All imports are one source: the next file says anew what the last one said."""


def import_people(*, by: Actor, entries: Iterable[DirectoryEntry], source: str, now: datetime) -> ImportOutcome:
    """Add or update people by address; whoever is not among `entries` stays. The last entry of an address counts.

    Each becomes an account of the provider CSV, joined to a person like any other; `source` names the file in the audit log.
    Needs CONNECTION_MANAGE, as the directory is a connected source. Raises BadInput for an entry without an address.
    """
    people = _by_address(entries)
    with audited(
        by=by, permission=Permission.CONNECTION_MANAGE, verb="directory.import", target_type="directory", target=source
    ) as result:
        outcome = would_import(people.values())
        with transaction.atomic():
            _take(people, now=now)
        result["after"] = {"added": outcome.added, "changed": outcome.changed, "unchanged": outcome.unchanged}
    return outcome


def _by_address(entries: Iterable[DirectoryEntry]) -> dict[str, DirectoryEntry]:
    people = {entry.address.strip().lower(): entry for entry in entries}
    for address, entry in people.items():
        if "@" not in address:
            raise BadInput(f"“{entry.address}” is no mail address", place="address")
    return people


def would_import(entries: Iterable[DirectoryEntry]) -> ImportOutcome:
    """What an import would do, in numbers; changes nothing."""
    said = [_said(address, entry) for address, entry in _by_address(entries).items()]
    known = _known([one.key for one in said])
    added = sum(one.key not in known for one in said)
    changed = sum(one.key in known and known[one.key] != one.as_json() for one in said)
    return ImportOutcome(added=added, changed=changed, unchanged=len(said) - added - changed)


def _known(keys: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for n in range(0, len(keys), CHUNK):
        rows = Account.objects.filter(source=SOURCE, key__in=keys[n : n + CHUNK], deleted_at__isnull=True)
        found |= dict(rows.values_list("key", "facts"))
    return found


def _said(address: str, entry: DirectoryEntry) -> Said:
    return Said(
        key=address,
        provider=SOURCE,
        mail=address,
        display_name=entry.name.strip() or address,
        department=entry.department.strip(),
        title=entry.title.strip(),
        manager=entry.manager.strip().lower(),
        groups=entry.groups,
        facts={"tags": ";".join(entry.tags)} if entry.tags else {},
    )


def _take(people: dict[str, DirectoryEntry], *, now: datetime) -> None:
    own = tenant_facts().own_domains
    said = [_said(address, entry) for address, entry in people.items()]
    before = _known([one.key for one in said])
    names = sorted({name for entry in people.values() for name in entry.groups})
    Group.objects.bulk_create(
        [Group(source=SOURCE, key=kept_key(name), name=name[:320], seen_at=now) for name in names],
        CHUNK,
        ignore_conflicts=True,
    )
    touched = Touched()
    for n in range(0, len(said), CHUNK):
        take_accounts(said[n : n + CHUNK], source=SOURCE, at=now, own=own, touched=touched, source_is_new=True)
    _tag({one.key: (before.get(one.key, {}), one) for one in said})
    finish(touched, at=now, now=now, own=own)


def _tag(told: dict[str, tuple[dict[str, Any], Said]]) -> None:
    """Tags of this import replace those of the last one; tags by hand stay."""
    different = {
        key: (_tags(before), _tags(one.as_json()))
        for key, (before, one) in told.items()
        if _tags(before) != _tags(one.as_json())
    }
    keys = list(different)
    for n in range(0, len(keys), CHUNK):
        rows = Account.objects.filter(source=SOURCE, key__in=keys[n : n + CHUNK]).select_related("person")
        people = []
        for row in rows:
            assert row.person is not None
            then, now = different[row.key]
            row.person.tags = [*(tag for tag in row.person.tags if tag not in {*then, *now}), *now]
            people.append(row.person)
        DirectoryPerson.objects.bulk_update(people, ["tags"], 400)


def _tags(facts: dict[str, Any]) -> list[str]:
    return [tag for tag in str((facts.get("facts") or {}).get("tags", "")).split(";") if tag]


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
