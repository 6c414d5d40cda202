"""Creating, changing and deleting resources: the row, what is observed of it and the audit entry in one transaction."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from scim2_models import (
    Context,
    InvalidValueException,
    NotFoundException,
    PreconditionFailedException,
    UniquenessException,
)

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, record
from watchfloor.connectors.contracts import Account, DirectoryGroup, ObservedKind
from watchfloor.connectors.intake import storable_inside
from watchfloor.connectors.models import Connection, ScimResource
from watchfloor.connectors.observing import observe
from watchfloor.connectors.scim import observing
from watchfloor.connectors.scim.shapes import PATCHES, SHAPES, TOLERANT

audit_verb("scim.create", "{actor} created {target} by SCIM")
audit_verb("scim.change", "{actor} changed {target} by SCIM")
audit_verb("scim.delete", "{actor} deleted {target} by SCIM")
LONGEST_NAME = 300
NAMES = {"Users": "user", "Groups": "group"}


def create(connection: Connection, kind: str, said: Any, *, now: datetime) -> ScimResource:
    """Raises a SCIMException or a ValidationError for what cannot be right, UniquenessException for a taken user name."""
    resource = SHAPES[kind].model_validate(said, scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_policy=TOLERANT)
    row = ScimResource(connection=connection, kind=kind, key=str(uuid.uuid4()), created_at=now, version=0)
    with transaction.atomic():
        return _keep(row, resource, "scim.create", now=now)


def replace(connection: Connection, kind: str, key: str, said: Any, *, match: str, now: datetime) -> ScimResource:
    """The whole resource anew (PUT); what is not said is gone."""
    resource = SHAPES[kind].model_validate(said, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=TOLERANT)
    with transaction.atomic():
        return _keep(_locked(connection, kind, key, match), resource, "scim.change", now=now)


def patch(connection: Connection, kind: str, key: str, said: Any, *, match: str, now: datetime) -> ScimResource:
    """Some of it (PATCH); all operations or none."""
    shape = SHAPES[kind]
    asked = PATCHES[kind].model_validate(said, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=TOLERANT)
    with transaction.atomic():
        row = _locked(connection, kind, key, match)
        resource = shape.model_validate(row.document, scim_policy=TOLERANT)
        resource.id = key  # Okta sends it along, which changes nothing
        if not asked.patch(resource, scim_policy=TOLERANT):
            return row
        return _keep(row, resource, "scim.change", now=now)


def delete(connection: Connection, kind: str, key: str, *, match: str) -> None:
    """Gone here, and told as deleted."""
    with transaction.atomic():
        row = _locked(connection, kind, key, match)
        if kind == "Users":
            _tell(row, Account(row.key, observing.PROVIDER, enabled=False, deleted=True))
        else:
            _tell(row, DirectoryGroup(row.key, row.name, deleted=True))
        _audit(row, "scim.delete", before=row.document)
        row.delete()


def one(connection: Connection, kind: str, key: str) -> ScimResource:
    """Raises NotFoundException."""
    row = ScimResource.objects.filter(connection=connection, kind=kind, key=key).first()
    if row is None:
        raise NotFoundException(detail=f"there is no {NAMES[kind]} {key}")
    return row


def _locked(connection: Connection, kind: str, key: str, match: str) -> ScimResource:
    row = ScimResource.objects.select_for_update().filter(connection=connection, kind=kind, key=key).first()
    if row is None:
        raise NotFoundException(detail=f"there is no {NAMES[kind]} {key}")
    if match and match != "*" and row.etag not in (tag.strip() for tag in match.split(",")):
        raise PreconditionFailedException(detail="it was changed meanwhile")
    return row


def _keep(row: ScimResource, resource: Any, verb: str, *, now: datetime) -> ScimResource:
    before = row.document if row.version else None
    if len(_name(row.kind, resource)) > LONGEST_NAME:
        raise InvalidValueException(detail=f"a name has at most {LONGEST_NAME} characters")
    resource.id, resource.meta = None, None  # ours to give, not the peer's
    if row.kind == "Users":
        resource.password = None  # never wanted, never kept
    row.document = storable_inside(resource.model_dump(scim_ctx=Context.DEFAULT))
    row.external_id = (resource.external_id or "")[:300].replace("\0", "")
    row.name = _name(row.kind, resource)
    row.mails = _mails(resource) if row.kind == "Users" else ""
    row.version, row.changed_at = row.version + 1, now
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise UniquenessException(detail=f"there is a user “{resource.user_name}” already") from None
    shape: Callable[..., Account | DirectoryGroup] = observing.account if row.kind == "Users" else observing.group
    told = SHAPES[row.kind].model_validate(row.document, scim_policy=TOLERANT)
    _tell(row, shape(told, key=row.key, created_at=row.created_at))
    _audit(row, verb, before=before, after=row.document)
    return row


def _name(kind: str, resource: Any) -> str:
    said = resource.user_name if kind == "Users" else resource.display_name
    return (said or "").strip().lower().replace("\0", "")


def _mails(resource: Any) -> str:
    mails = [mail.value.lower() for mail in resource.emails or () if mail.value]
    return "\n" + "".join(f"{mail}\n" for mail in mails) if mails else ""


def _tell(row: ScimResource, what: Account | DirectoryGroup) -> None:
    kind = ObservedKind.ACCOUNTS if isinstance(what, Account) else ObservedKind.GROUPS
    observe(kind=kind, source=row.connection.name, items=[what.as_json()])


def _audit(row: ScimResource, verb: str, *, before: Any = None, after: Any = None) -> None:
    peer = Actor(f"connection {row.connection.name}", row.connection.name, frozenset[Permission]())
    target = f"the {NAMES[row.kind]} {row.name or row.key}"
    shown = {"before": _brief(before), "after": _brief(after)}
    record(by=peer, verb=verb, outcome="success", target_type=NAMES[row.kind], target=target, **shown)


def _brief(document: Any) -> Any:
    """What the audit log keeps of a resource: a group of ten thousand counts its members."""
    if not document or len(document.get("members", ())) <= 50:
        return document
    return {**document, "members": f"{len(document['members'])} members"}
