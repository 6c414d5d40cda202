"""Reads of the intake and of the connections."""

from django.conf import settings

from watchfloor.connectors import intake, store
from watchfloor.connectors.contracts import AcceptedMail, Capability, MailboxActions
from watchfloor.connectors.models import Accepted, Connection
from watchfloor.connectors.registry import systems
from watchfloor.connectors.routing import Routed
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.kernel.errors import NotConfigured, NotFound
from watchfloor.runtime.services import unseal


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


def settings_of(connection: Connection) -> dict[str, str]:
    """A connection's settings with defaults filled in and secrets opened: for running it, never for a page."""
    values = {}
    for setting in systems()[connection.kind].settings:
        stored = connection.settings.get(setting.name, "")
        secret = setting.kind == "secret" and stored
        values[setting.name] = unseal(stored) if secret else stored or setting.default
    return values


def enabled_connections() -> list[Connection]:
    """The connections that should run, by name; those of a kind we no longer know are left out."""
    return [connection for connection in Connection.objects.filter(enabled=True) if connection.kind in systems()]


def mailbox_actions() -> MailboxActions:
    """Every enabled connection that may act on mail, as one. Raises NotConfigured when there is none."""
    acting = []
    for connection in enabled_connections():
        system = systems()[connection.kind]
        if Capability.ACT_ON_MAIL in system.capabilities:
            actions = system.actions(settings_of(connection))
            if actions is not None:
                acting.append(actions)
    if not acting:
        raise NotConfigured(
            "no connection may act on mailboxes; add one that can (Dovecot, IMAP, Maildir) under Settings, Connections"
        )
    return Routed(tuple(acting))
