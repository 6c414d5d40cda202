"""Connections: adding, changing, switching, testing and removing them; each audited, secrets sealed before they are stored."""

import re
from collections.abc import Mapping

from django.db import IntegrityError, transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.connectors.contracts import Setting, TestReport
from watchfloor.connectors.models import Connection, SourceState
from watchfloor.connectors.registry import system
from watchfloor.connectors.selectors import settings_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Conflict, NotFound, WatchfloorError
from watchfloor.runtime.services import seal

audit_verb("connection.add", "{actor} added the connection {target}")
audit_verb("connection.change", "{actor} changed the connection {target}")
audit_verb("connection.remove", "{actor} removed the connection {target}")
audit_verb("connection.test", "{actor} tested the connection {target}")

MANAGE = Permission.CONNECTION_MANAGE
_NAME = re.compile(r"[\w][\w .@-]{0,99}")


def add_connection(*, by: Actor, name: str, kind: str, settings: Mapping[str, str]) -> Connection:
    """Connect a system. Raises BadInput for a setting that cannot be right (`place` names it), Conflict for a taken name."""
    with audited(by=by, permission=MANAGE, verb="connection.add", target_type="connection", target=name) as result:
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise BadInput("a name has letters, digits, spaces, dots, dashes or @, at most 100", place="name")
        stored = _stored(kind, settings, before={})
        now = utc_now()
        try:
            with transaction.atomic():
                # A worker that had not yet seen an older one of this name go may have kept its position once more.
                SourceState.objects.filter(connection=name).delete()
                made = Connection.objects.create(name=name, kind=kind, settings=stored, created_at=now, changed_at=now)
        except IntegrityError:
            raise Conflict(f"there is a connection “{name}” already", place="name") from None
        result["after"] = {"kind": kind, **_shown(kind, stored)}
    return made


def change_connection(*, by: Actor, name: str, settings: Mapping[str, str]) -> Connection:
    """Replace the settings; a secret left empty stays as it was."""
    found = connection_named(name)
    before = _shown(found.kind, found.settings)
    with _audited(by, "connection.change", name, before=before) as result:
        found.settings = _stored(found.kind, settings, before=found.settings)
        _save(found)
        result["after"] = _shown(found.kind, found.settings)
    return found


def switch_connection(*, by: Actor, name: str, enabled: bool) -> Connection:
    """Enable or disable; the worker notices within seconds."""
    found = connection_named(name)
    with _audited(by, "connection.enable" if enabled else "connection.disable", name):
        found.enabled = enabled
        _save(found)
    return found


def remove_connection(*, by: Actor, name: str) -> None:
    """Forget the connection, its secrets and how far it was read; accepted mail stays."""
    found = connection_named(name)
    with _audited(by, "connection.remove", name, before=_shown(found.kind, found.settings)), transaction.atomic():
        found.delete()
        SourceState.objects.filter(connection=name).delete()


def try_connection(*, by: Actor, kind: str, settings: Mapping[str, str], name: str = "") -> TestReport:
    """Try settings without storing them; with `name`, secrets left empty are those of that connection."""
    authorise(by, MANAGE)
    stored = dict(connection_named(name).settings) if name else {}
    with audited(
        by=by, permission=MANAGE, verb="connection.test", target_type="connection", target=name or kind
    ) as result:
        trial = Connection(name=name, kind=kind, settings=_stored(kind, settings, before=stored))
        try:
            report = system(kind).test(settings_of(trial))
        except WatchfloorError as error:
            report = TestReport(ok=False, lines=((False, str(error)),))
        result["after"] = {"ok": report.ok}
    return report


def connection_named(name: str) -> Connection:
    found = Connection.objects.filter(name=name).first()
    if found is None:
        raise NotFound(f"there is no connection “{name}”")
    return found


def _audited(by: Actor, verb: str, name: str, **more: object):  # type: ignore[no-untyped-def]
    return audited(by=by, permission=MANAGE, verb=verb, target_type="connection", target=name, **more)  # type: ignore[arg-type]


def _save(connection: Connection) -> None:
    connection.revision += 1
    connection.changed_at = utc_now()
    connection.save()


def _stored(kind: str, given: Mapping[str, str], *, before: Mapping[str, str]) -> dict[str, str]:
    """Checked settings as they are stored: known names only, secrets sealed."""
    known = {setting.name: setting for setting in system(kind).settings}
    for name in given:
        if name not in known:
            raise BadInput(f"“{name}” is no setting of {system(kind).label}", place=name)
    stored = {name: _checked(setting, given.get(name, ""), before.get(name, "")) for name, setting in known.items()}
    if before and any(setting.guards and stored[name] != before.get(name, "") for name, setting in known.items()):
        _ask_again(known, given, before)
    return stored


def _ask_again(known: Mapping[str, Setting], given: Mapping[str, str], before: Mapping[str, str]) -> None:
    """A secret is known to who entered it, not to who may change where it is sent."""
    for name, setting in known.items():
        if setting.kind == "secret" and before.get(name) and not given.get(name):
            raise BadInput(f"enter “{setting.label}” again, as it would be sent to another place", place=name)


def _checked(setting: Setting, text: str, before: str) -> str:
    text = text.strip() if setting.kind != "secret" else text
    if setting.kind == "secret":
        text = seal(text) if text else before
    elif not text:
        text = setting.default
    if setting.required and not text:
        raise BadInput(f"“{setting.label}” is needed", place=setting.name)
    if setting.kind == "number" and text and not text.isdigit():
        raise BadInput(f"“{setting.label}” is a whole number", place=setting.name)
    if setting.choices and text not in setting.choices:
        raise BadInput(f"“{setting.label}” is one of {', '.join(setting.choices)}", place=setting.name)
    if setting.kind == "addresses":
        text = "\n".join(dict.fromkeys(text.replace(",", " ").lower().split()))
    return text


def _shown(kind: str, stored: Mapping[str, str]) -> dict[str, str]:
    """Settings for the audit log: a secret only says that it is there."""
    secret = {setting.name for setting in system(kind).settings if setting.kind == "secret"}
    return {name: ("set" if value else "") if name in secret else value for name, value in stored.items()}
