"""The policy of click protection: what it is, and the verb that changes it."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.inspection.services import domains_above
from watchfloor.kernel.errors import BadInput
from watchfloor.response.clicks.models import ClickPolicy
from watchfloor.runtime.services import seal, unseal

audit_verb("clicks.policy", "{actor} changed the click protection")

ONLY = 1
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Policy:
    """What applies now; `key` is None until protection was switched on once."""

    enabled: bool = False
    internal: bool = False
    override: bool = False
    signed: bool = False
    exempt_domains: frozenset[str] = frozenset()
    exempt_recipients: frozenset[str] = frozenset()
    key: bytes | None = None
    changed_by: str = ""
    changed_at: datetime | None = None

    def spares(self, recipient: str) -> bool:
        """Whether this recipient's mail stays as it is."""
        address = recipient.lower()
        return not self.exempt_recipients.isdisjoint((address, *domains_above(address.rpartition("@")[2])))

    def told(self) -> dict[str, object]:
        """The policy for the audit log; never the key."""
        return {
            "enabled": self.enabled,
            "internal": self.internal,
            "override": self.override,
            "signed": self.signed,
            "exempt_domains": sorted(self.exempt_domains),
            "exempt_recipients": sorted(self.exempt_recipients),
        }


def current() -> Policy:
    """The policy in force: one query. Raises NotConfigured when the stored key cannot be opened."""
    row = ClickPolicy.objects.filter(pk=ONLY).first()
    if row is None:
        return Policy()
    return Policy(
        enabled=row.enabled,
        internal=row.internal,
        override=row.override,
        signed=row.signed,
        exempt_domains=frozenset(row.exempt_domains),
        exempt_recipients=frozenset(row.exempt_recipients),
        key=base64.b64decode(unseal(row.key)) if row.key else None,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )


def public_address() -> str:
    """Where protected links lead, without a slash at the end."""
    return str(settings.WATCHFLOOR.address).rstrip("/")


def change(
    *,
    by: Actor,
    enabled: bool,
    internal: bool,
    override: bool,
    signed: bool = False,
    exempt_domains: Sequence[str],
    exempt_recipients: Sequence[str],
    at: datetime,
) -> Policy:
    """Set the whole policy; the key is made when protection is first switched on. Raises Forbidden, BadInput."""
    before = current()
    with audited(
        by=by,
        permission=Permission.CONNECTION_MANAGE,
        verb="clicks.policy",
        target_type="setting",
        target="click protection",
        before=before.told(),
    ) as result:
        values = {
            "enabled": enabled,
            "internal": internal,
            "override": override,
            "signed": signed,
            "exempt_domains": sorted({_domain(one, "exempt_domains") for one in exempt_domains if one.strip()}),
            "exempt_recipients": sorted({_recipient(one) for one in exempt_recipients if one.strip()}),
            "changed_at": at,
            "changed_by": by.name,
        }
        if before.key is None and enabled:
            values["key"] = seal(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
        ClickPolicy.objects.update_or_create(pk=ONLY, defaults=values)
        after = current()
        result["after"] = after.told()
    return after


def _domain(text: str, place: str) -> str:
    value = text.strip().lower().removeprefix("*.").removeprefix("@").strip(".")
    if not value or not value.isascii() or any(one in value for one in " /@:") or "." not in value:
        raise BadInput(f"“{text.strip()}” is no domain such as corp.example", place=place)
    return value


def _recipient(text: str) -> str:
    local, at, domain = text.strip().lower().rpartition("@")
    kept = _domain(domain, "exempt_recipients")
    return f"{local}@{kept}" if at and local else kept
