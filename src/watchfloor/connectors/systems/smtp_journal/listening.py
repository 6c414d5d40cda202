"""The listener: a mail is answered with 250 only when it is on disk."""

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP
from django.db import close_old_connections

from watchfloor.connectors.contracts import NewMail
from watchfloor.connectors.intake import take_in
from watchfloor.connectors.protocols.doorkeeper import Doorkeeper
from watchfloor.connectors.protocols.mail_bytes import MAX_BYTES, addresses_in
from watchfloor.connectors.protocols.threads import database_threads
from watchfloor.kernel.clock import utc_now

log = logging.getLogger(__name__)
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd would log every command with its addresses

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
THREADS = 4
LONGEST_LINE = 2**20
"""Mail servers pass on longer lines than the 1,000 bytes of RFC 5321; what was delivered shall be seen."""


MOST_CONNECTIONS = 100
PATIENCE_SECONDS = 300
"""For the next command, and for the whole of a mail (RFC 5321, 4.5.3.2.7)."""
MOST_RECIPIENTS = 20_000
IDLE_WORDS = {"NOOP": 100, "RSET": 10_000, "HELP": 10, "VRFY": 10, "EHLO": 20, "HELO": 20, "LHLO": 20, "*": 10**9}
"""How often a connection may say what brings no mail; aiosmtpd answers 421 after that."""


class Guarded(SMTP):
    """Turns away strangers, and everybody while there is no room, in its first words; says goodbye before it hangs up."""

    line_length_limit = LONGEST_LINE

    def __init__(self, journal: "Journal", doorkeeper: Doorkeeper, **options: Any) -> None:
        super().__init__(timeout=journal.patience, command_call_limit=IDLE_WORDS, **options)
        self.journal, self.doorkeeper = journal, doorkeeper

    async def _handle_client(self) -> None:
        words = self._why_not()
        if not words:
            await super()._handle_client()
            return
        await self.push(words)
        if self.transport is not None:
            self.transport.close()

    def _why_not(self) -> str:
        if self.session is None or not may_send(self.session.peer, self.journal.clients):
            return "554 5.7.1 This address may not send journal copies here"
        return "" if self.doorkeeper.enter(self) else "421 4.3.2 Too many connections; come again later"

    def _timeout_cb(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(b"421 4.4.2 Nothing whole came for %d seconds; goodbye\r\n" % self.journal.patience)
        super()._timeout_cb()  # type: ignore[no-untyped-call]

    def connection_lost(self, error: Exception | None) -> None:
        self.doorkeeper.leave(self)
        super().connection_lost(error)


class JournalSMTP(Guarded):
    """The journal in SMTP."""


class JournalLMTP(Guarded, LMTP):
    """After the data, LMTP answers once for each recipient (RFC 2033, 4.2); aiosmtpd answers once."""

    _replies = 0

    async def push(self, status: Any) -> None:
        text = str(status) if isinstance(status, str) else bytes(status).decode("utf-8", "replace")
        if self._replies:
            text, self._replies = "\r\n".join([text] * self._replies), 0
        elif text.startswith("354") and self.envelope is not None:
            self._replies = len(self.envelope.rcpt_tos)  # counted now: it is empty when the data is answered
        await super().push(text)


@dataclass(frozen=True, slots=True)
class Journal:
    """What the listener does with what it hears. `addresses` are journal mailboxes: their mail names its recipients in headers."""

    name: str
    host: str
    port: int
    lmtp: bool = False
    addresses: frozenset[str] = frozenset()
    clients: tuple[Network, ...] = ()
    tls: ssl.SSLContext | None = None
    limit: int = MAX_BYTES
    connections: int = MOST_CONNECTIONS
    patience: int = PATIENCE_SECONDS

    async def serve(self, *, stop: Callable[[], bool], ready: Callable[[], None] = lambda: None) -> None:
        """Listen until stopped."""
        loop = asyncio.get_running_loop()
        with database_threads(THREADS, name="journal") as pool:
            kind = JournalLMTP if self.lmtp else JournalSMTP
            handler = Handler(self, pool)
            doorkeeper = Doorkeeper(self.name, self.connections)

            def protocol() -> SMTP:
                return kind(
                    self,
                    doorkeeper,
                    handler=handler,
                    data_size_limit=self.limit,
                    enable_SMTPUTF8=True,
                    tls_context=self.tls,
                    hostname="watchfloor",
                    ident="Watchfloor journal",
                    loop=loop,
                )

            server = await loop.create_server(protocol, self.host, self.port)
            ready()
            try:
                while not stop():
                    await asyncio.sleep(0.2)
            finally:
                server.close()


class Handler:
    """aiosmtpd's hooks."""

    def __init__(self, journal: Journal, pool: ThreadPoolExecutor) -> None:
        self.journal, self.pool = journal, pool

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Sequence[str]) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients for one copy"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, self._store, session, envelope)

    def _store(self, session: Any, envelope: Any) -> str:
        try:
            (accepted,) = take_in([self._mail(session, envelope)])
        except Exception:
            log.exception("journal copy for %s could not be stored", self.journal.name)
            return "451 4.3.0 The copy could not be stored; try again later"
        finally:
            close_old_connections()
        return f"250 2.0.0 kept as {accepted.sha256[:16]}"

    def _mail(self, session: Any, envelope: Any) -> NewMail:
        raw: bytes = envelope.original_content
        recipients = tuple(address.lower() for address in envelope.rcpt_tos)
        if set(recipients) <= self.journal.addresses:
            recipients = addresses_in(raw, b"to", b"cc", b"bcc", b"x-original-to", b"delivered-to")
        recipients = tuple(address for address in recipients if address not in self.journal.addresses)
        return NewMail(
            raw=raw,
            source=self.journal.name,
            received_at=utc_now(),
            mail_from=envelope.mail_from or "",
            recipients=recipients,
            helo=session.host_name or "",
            facts={"door": "journal", "peer": str((session.peer or [""])[0])},
        )


def may_send(peer: Any, clients: Sequence[Network]) -> bool:
    """Whether the client's address lies in one of the networks."""
    try:
        address = ipaddress.ip_address(str(peer[0]))
    except (ValueError, TypeError, IndexError):
        return False
    return any(address.version == network.version and address in network for network in clients)
