"""Queries that people keep: written, changed, deleted, taken over from files of rules; each time audited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.hunting.advanced.drafts import Draft
from watchfloor.hunting.advanced.rule_files import read_rules
from watchfloor.hunting.models import SavedQuery
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound

audit_verb("query.save", "{actor} saved the query {target}")
audit_verb("query.delete", "{actor} deleted the query {target}")
audit_verb("query.import", "{actor} imported queries from {target}")


@dataclass(frozen=True, slots=True)
class Folder:
    name: str
    queries: tuple[SavedQuery, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: how many are new or changed, and why others were left out, by name."""

    new: int = 0
    changed: int = 0
    refused: tuple[tuple[str, str], ...] = field(default=())


def readable(by: Actor) -> "QuerySet[SavedQuery]":
    """One's own and the shared ones."""
    return SavedQuery.objects.filter(Q(shared=True) | Q(owner_id=by.id))


def folders(by: Actor) -> list[Folder]:
    """What this person may read, by folder."""
    found = readable(by).order_by("folder", "name")
    return [Folder(name, tuple(queries)) for name, queries in groupby(found, key=lambda one: one.folder)]


def query_of(key: int, *, by: Actor) -> SavedQuery:
    """One saved query that this person may read. Raises NotFound."""
    found = readable(by).filter(pk=key).first()
    if found is None:
        raise NotFound("there is no such saved query, or it is somebody's own")
    return found


def save(*, draft: Draft, by: Actor, now: datetime, key: int | None = None) -> SavedQuery:
    """Keep a new query, or change the one with this `key`: one's own, or a shared one. Raises BadInput, NotFound."""
    with audited(
        by=by, permission=Permission.QUERY_SAVE, verb="query.save", target_type="query", target=draft.name
    ) as result:
        fields = draft.fields()
        row = query_of(key, by=by) if key else SavedQuery(owner_id=by.id, owner_name=by.name, created_at=now)
        if key and row.owner_id != by.id and not draft.shared:
            raise BadInput("somebody else shared this query; only they can make it private", place="shared")
        if key:
            result["before"] = _kept(row)
        for name, value in fields.items():
            setattr(row, name, value)
        row.changed_at, row.changed_by = now, by.name
        row.save()
        result["after"] = _kept(row)
    return row


def drafted(values: Mapping[str, Any], *, key: int | None, by: Actor) -> Draft:
    """A form's values as a draft; what a form does not show (tactics, entities, source) stays as it was."""
    known = query_of(key, by=by) if key else None
    if known is None:
        return Draft(**values)
    kept: dict[str, Any] = {name: tuple(getattr(known, name)) for name in ("tactics", "techniques", "entities")}
    return Draft(**values, **kept, severity=known.severity, source=known.source)


def _kept(row: SavedQuery) -> dict[str, Any]:
    return {"name": row.name, "folder": row.folder, "shared": row.shared, "text": row.text[:4000]}


def delete(*, key: int, by: Actor) -> None:
    """Delete one's own query, or a shared one that nobody else owns. Raises NotFound, Forbidden."""
    row = query_of(key, by=by)
    with audited(
        by=by,
        permission=Permission.QUERY_SAVE,
        verb="query.delete",
        target_type="query",
        target=row.name,
        before=_kept(row),
    ):
        if row.owner_id != by.id and not by.may(Permission.PEOPLE_MANAGE):
            raise Forbidden(f"this query belongs to {row.owner_name}", permission=Permission.PEOPLE_MANAGE.value)
        row.delete()


def import_rules(*, data: bytes, name: str, folder: str, by: Actor, now: datetime) -> Imported:
    """Keep every query of a YAML file in the shape Sentinel's community rules have; the same source again changes what it made.

    What is wrong with one rule is told and does not stop the others. Raises BadInput for a file that is none.
    """
    authorise(by, Permission.QUERY_SAVE)
    with audited(
        by=by, permission=Permission.QUERY_SAVE, verb="query.import", target_type="file", target=name
    ) as result:
        counts = {"new": 0, "changed": 0}
        refused = []
        for rule in read_rules(data, name=name):
            try:
                counts[_keep(rule.draft(folder=folder), by=by, now=now)] += 1
            except BadInput as error:
                refused.append((rule.name or rule.place, error.message))
        result["after"] = {**counts, "refused": len(refused)}
    return Imported(counts["new"], counts["changed"], tuple(refused))


def _keep(draft: Draft, *, by: Actor, now: datetime) -> str:
    known = SavedQuery.objects.filter(owner_id=by.id, source=draft.source).first() if draft.source else None
    row = known or SavedQuery(owner_id=by.id, owner_name=by.name, created_at=now)
    for name, value in draft.fields().items():
        setattr(row, name, value)
    row.changed_at, row.changed_by = now, by.name
    row.save()
    return "changed" if known else "new"


def known_folders(by: Actor) -> Sequence[str]:
    """Folder names in use, for the form's suggestions."""
    return list(readable(by).exclude(folder="").values_list("folder", flat=True).distinct().order_by("folder"))
