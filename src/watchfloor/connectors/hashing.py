"""The SHA-256 of a stored file, asked of the connection that told of it; audited, as somebody's file is read for it."""

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.contracts import HashingSystem
from watchfloor.connectors.models import Connection
from watchfloor.connectors.registry import systems
from watchfloor.connectors.selectors import settings_of
from watchfloor.kernel.errors import NotConfigured

audit_verb("file.hash", "{actor} had the SHA-256 of {target} read")


def file_sha256(*, by: Actor, source: str, key: str) -> str:
    """64 hexadecimal digits of the file `key` of the connection `source`.

    Raises NotConfigured when that connection is gone, off or cannot read files; NotFound, BadInput or Unreachable of the file.
    """
    with audited(
        by=by, permission=Permission.IDENTITY_READ, verb="file.hash", target_type="file", target=f"{source}: {key}"
    ) as result:
        found = Connection.objects.filter(name=source, enabled=True).first()
        system = systems().get(found.kind) if found else None
        if found is None or not isinstance(system, HashingSystem):
            raise NotConfigured("no enabled connection can read this file", place=source)
        digits = system.sha256_of(settings_of(found), key)
        result["after"] = {"sha256": digits}
    return digits
