"""Reads of the intake."""

from django.conf import settings

from watchfloor.connectors import intake, store
from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.connectors.models import Accepted
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.kernel.errors import NotFound


def accepted_after(position: int, *, limit: int) -> list[AcceptedMail]:
    """The next `limit` accepted mails after `position`, in order. A reader keeps the last position it has stored."""
    rows = Accepted.objects.filter(position__gt=position).order_by("position")[:limit]
    return [intake.as_contract(row) for row in rows]


def raw_mail(sha256: str) -> bytes:
    """The raw bytes of an accepted mail. Raises NotFound when retention or a person has removed them."""
    try:
        return store.path_of(intake.raw_root(), sha256).read_bytes()
    except FileNotFoundError:
        raise NotFound("the raw mail is no longer kept", place=sha256) from None


def tenant_facts() -> TenantFacts:
    """What the operator's options say about the organisation."""
    options = settings.WATCHFLOOR
    return TenantFacts(
        own_domains=frozenset(options.list_of("own_domains")),
        authserv_ids=frozenset(options.list_of("authserv_ids")),
        lookups_allowed=options.lookups_allowed,
    )
