"""The connection's settings, what its test looks at, and one hand-over."""

from collections.abc import Callable
from dataclasses import dataclass

from watchfloor.connectors.contracts import Capability, MailboxActions, ReleaseServer, Setting, TestReport
from watchfloor.connectors.outgoing.words import Handover
from watchfloor.connectors.protocols.smtp_session import Server, Session
from watchfloor.kernel.errors import Unreachable, WatchfloorError

MOST_A_SESSION = 100
"""Mail servers end conversations that go on for long; we end ours before."""


class MailReleaseSystem:
    kind = "mail_release"
    label = "Delivery of released mail (SMTP or LMTP)"
    description = (
        "Takes mail that is released from quarantine and puts it into mailboxes: the LMTP port of the mailbox server, or an "
        "SMTP listener of the mail server that asks no filter."
    )
    settings = (
        Setting("host", "Server", default="127.0.0.1", help="Name or address", guards=True),
        Setting("port", "Port", kind="number", default="24", guards=True),
        Setting(
            "protocol",
            "Protocol",
            kind="choice",
            default="lmtp",
            choices=("lmtp", "smtp"),
            labels=("LMTP: straight into the mailbox", "SMTP: by the mail server's queue"),
            help="With LMTP the server says at once whether the mail lies in the mailbox",
        ),
        Setting(
            "security",
            "Encryption",
            kind="choice",
            default="none",
            choices=("none", "starttls", "tls"),
            labels=("None (the same machine or a trusted line)", "STARTTLS", "TLS from the first byte"),
            guards=True,
        ),
        Setting("ca_file", "CA file", required=False, help="PEM file to trust instead of the system's authorities"),
        Setting("helo", "Our name in the greeting", required=False, help="Empty: this machine's name"),
    )
    capabilities = frozenset({Capability.DELIVER_RELEASED})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Reach the server and ask whether it takes mail from an empty sender; none is handed over."""
        try:
            server = server_of(settings)
            session = Session(server)
        except WatchfloorError as error:
            return TestReport(ok=False, lines=((False, str(error)),))
        no = session.may_send("")
        session.close()
        lines = (
            (True, f"reached {server.host}:{server.port} by {'LMTP' if server.lmtp else 'SMTP'}"),
            (not no, f"it refuses mail: {no}" if no else "it takes mail"),
        )
        return TestReport(ok=not no, lines=lines)

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Nothing listens here: releases ask when there is something to hand over."""

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def release_server(self, settings: dict[str, str], *, name: str) -> ReleaseServer:
        return _Release(name, server_of(settings))


@dataclass(slots=True)
class _Release:
    """One conversation for the mails that follow one another. The server hears each to its end before the next begins, so that a
    line that breaks leaves one hand-over in doubt at most.
    """

    name: str
    server: Server
    _session: Session | None = None
    _taken: int = 0

    @property
    def into_mailbox(self) -> bool:
        return self.server.lmtp

    def deliver(self, raw: bytes, *, mail_from: str, to: str) -> Handover:
        """Through the open conversation; where the server has ended that meanwhile, it has nothing of this mail: through a new one."""
        used = self._session is not None
        try:
            said = self._said(raw, mail_from, to)
        except Unreachable:
            self.close()
            if not used:
                raise
            return self._said(raw, mail_from, to)
        if used and _hangs_up(said):
            self.close()
            said = self._said(raw, mail_from, to)
        if said.unsure or _hangs_up(said) or self._taken >= MOST_A_SESSION:
            self.close()
        return said

    def close(self) -> None:
        session, self._session, self._taken = self._session, None, 0
        if session is not None:
            session.close()

    def _said(self, raw: bytes, mail_from: str, to: str) -> Handover:
        if self._session is None:
            self._session = Session(self.server)
        self._taken += 1
        return self._session.send(raw, mail_from=mail_from, to=[to])


def _hangs_up(said: Handover) -> bool:
    """Whether the server took nothing and ends the conversation (421): it was open too long, or took enough mail through one."""
    return not said.accepted and not said.unsure and any(words.startswith("421") for words in said.deferred.values())


def server_of(settings: dict[str, str]) -> Server:
    """Where released mail is handed in."""
    return Server(
        settings["host"],
        int(settings.get("port") or 24),
        settings.get("security") or "none",
        settings.get("ca_file", ""),
        helo=settings.get("helo", ""),
        lmtp=settings.get("protocol", "lmtp") == "lmtp",
    )
