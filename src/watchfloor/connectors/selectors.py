"""Reads of the intake and of the connections."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from watchfloor.connectors import intake, store
from watchfloor.connectors.content import SWITCH, Reader
from watchfloor.connectors.contracts import (
    AcceptedMail,
    AccountActions,
    AccountSystem,
    Capability,
    ConnectionLine,
    ContentReader,
    ContentSystem,
    DeadLetterLine,
    HashingSystem,
    MailboxActions,
    OpinionSystem,
    ReleaseServer,
    ReleasingSystem,
    SecondOpinion,
)
from watchfloor.connectors.delivered import original_sha256
from watchfloor.connectors.models import Accepted, Connection, DeadLetter
from watchfloor.connectors.observing import observed_after
from watchfloor.connectors.outgoing.reading import outgoing_mail
from watchfloor.connectors.registry import systems
from watchfloor.connectors.routing import Routed
from watchfloor.connectors.systems.yara.rules import RuleFiles, folders_of
from watchfloor.connectors.unusable import Unusable
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.kernel.errors import NotConfigured, NotFound, WatchfloorError
from watchfloor.runtime.contracts import Health
from watchfloor.runtime.selectors import health
from watchfloor.runtime.services import unseal

__all__ = [
    "accepted_after",
    "account_actions",
    "can_hash",
    "can_retry",
    "connection_lines",
    "content_readers",
    "dead_letter_lines",
    "dead_letters",
    "enabled_connections",
    "mailbox_actions",
    "observed_after",
    "original_sha256",
    "outgoing_mail",
    "raw_mail",
    "release_server",
    "second_opinions",
    "settings_of",
    "tenant_facts",
    "yara_rules",
]


def yara_rules() -> tuple[tuple[str, str], ...]:
    """(name, text) of every YARA rule file: the shipped ones, and those of the folders that YARA connections name."""
    named = [one.settings for one in Connection.objects.filter(kind="yara", enabled=True)] or [{}]
    folders = dict(pair for settings_ in named for pair in folders_of(settings_))
    return RuleFiles(tuple(folders.items())).sources()


def accepted_after(position: int, *, limit: int) -> list[AcceptedMail]:
    """The next `limit` accepted mails after `position`, in order. A reader keeps the last position it has stored."""
    rows = Accepted.objects.filter(position__gt=position).order_by("position")[:limit]
    return [intake.as_contract(row) for row in rows]


def accepted_again(sha256: str, *, after: int) -> bool:
    """Whether a mail of these very bytes was accepted after that position."""
    return Accepted.objects.filter(sha256=sha256, position__gt=after).exists()


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
        microsoft_tenants=frozenset(options.list_of("microsoft_tenants")),
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


def release_server() -> ReleaseServer:
    """Where released mail is handed in: the first enabled connection by name that can. Raises NotConfigured."""
    for connection in enabled_connections():
        system = systems()[connection.kind]
        if isinstance(system, ReleasingSystem):
            return system.release_server(settings_of(connection), name=connection.name)
    raise NotConfigured(
        "no connection delivers released mail; add “Delivery of released mail” under Settings, Connections"
    )


def account_actions() -> dict[str, AccountActions]:
    """Every enabled connection that may act on accounts, by its name; empty when there is none."""
    acting = {}
    for connection in enabled_connections():
        system = systems()[connection.kind]
        if Capability.ACT_ON_ACCOUNTS in system.capabilities and isinstance(system, AccountSystem):
            actions = system.accounts(settings_of(connection), name=connection.name)
            if actions is not None:
                acting[connection.name] = actions
    return acting


def can_hash() -> frozenset[str]:
    """The names of the enabled connections whose files can be read for their SHA-256."""
    return frozenset(one.name for one in enabled_connections() if isinstance(systems()[one.kind], HashingSystem))


def content_readers() -> dict[str, ContentReader]:
    """The enabled connections whose files' content may be read, by name."""
    found: dict[str, ContentReader] = {}
    for connection in enabled_connections():
        system = systems()[connection.kind]
        if isinstance(system, ContentSystem) and connection.settings.get(SWITCH) == "yes":
            found[connection.name] = Reader(system, settings_of(connection))
    return found


def second_opinions() -> tuple[SecondOpinion, ...]:
    """Every enabled connection that judges mail beside us, by name; to ask them all use `connectors.services.consult`."""
    asked = []
    for connection in enabled_connections():
        system = systems()[connection.kind]
        if Capability.GIVE_OPINION in system.capabilities and isinstance(system, OpinionSystem):
            asked.append(_second_opinion(system, connection))
    return tuple(asked)


def _second_opinion(system: OpinionSystem, connection: Connection) -> SecondOpinion:
    try:
        return system.opinion(settings_of(connection), name=connection.name)
    except WatchfloorError as error:
        return Unusable(connection.name, error.message)


def connection_lines() -> tuple[ConnectionLine, ...]:
    """Every connection with what it can and how it is, in two queries."""
    said = {one.part: one for one in health()}
    return tuple(
        _line(connection, said.get(f"connection {connection.name}")) for connection in Connection.objects.all()
    )


def _line(connection: Connection, said: Health | None) -> ConnectionLine:
    system = systems().get(connection.kind)
    can = tuple(sorted(system.capabilities)) if system else ()
    if system is None:
        state, sentence = "failing", f"this version knows no “{connection.kind}”"
    elif not connection.enabled:
        state, sentence = "disabled", ""
    elif set(can) <= {Capability.ACT_ON_MAIL, Capability.ACT_ON_ACCOUNTS, Capability.DELIVER_RELEASED}:
        state, sentence = "ok", "asked when it is to act"
    elif Capability.GIVE_OPINION in can and said is None:
        state, sentence = "ok", "asked with the next mail"
    else:
        state, sentence = (said.state, said.sentence) if said else ("starting", "the worker has not started it yet")
    label = system.label if system else connection.kind
    return ConnectionLine(connection.pk, connection.name, label, can, connection.enabled, state, sentence)


def dead_letters() -> QuerySet[DeadLetter]:
    """Those not resolved, newest first."""
    return DeadLetter.objects.filter(resolved_at=None)


def dead_letter_lines(letters: Iterable[DeadLetter]) -> tuple[DeadLetterLine, ...]:
    """As the page shows them."""
    return tuple(
        DeadLetterLine(
            letter.pk,
            letter.at,
            letter.source,
            letter.reason,
            letter.place or letter.sha256,
            letter.attempts,
            can_retry(letter),
        )
        for letter in letters
    )


def can_retry(letter: DeadLetter) -> bool:
    """Whether we can bring it again ourselves: its bytes are kept, or its file is still there."""
    return letter.accepted_id is not None or Path(letter.place).is_file()
