"""The connection's settings, and the lines to put into the mail server."""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.listening import cannot_listen
from watchfloor.connectors.systems.smtp_journal.listening import MOST_CONNECTIONS, PATIENCE_SECONDS, Journal, Network
from watchfloor.kernel.errors import BadInput


class JournalSystem:
    kind = "smtp_journal"
    label = "Journal (receive copies by SMTP or LMTP)"
    description = (
        "Takes a copy of each mail from any mail server. A copy sent to one journal address has lost its envelope: "
        "recipients are then read from the headers, so that Bcc is not seen. A milter sees all of it."
    )
    settings = (
        Setting("address", "Listen on", default="127.0.0.1:8825", help="host:port"),
        Setting(
            "protocol", "Protocol", kind="choice", default="smtp", choices=("smtp", "lmtp"), labels=("SMTP", "LMTP")
        ),
        Setting(
            "journal",
            "Journal addresses",
            kind="addresses",
            required=False,
            default="journal@journal.internal",
            help="Copies to these only are copies; their recipients stand in the headers",
        ),
        Setting("clients", "Allowed senders", kind="addresses", default="127.0.0.1\n::1", help="Addresses or networks"),
        Setting("cert_file", "Certificate file", required=False, help="PEM; with it STARTTLS is offered"),
        Setting("key_file", "Key file", required=False),
        Setting("megabytes", "Largest mail, MB", kind="number", default="100"),
        Setting(
            "connections",
            "Connections at once",
            kind="number",
            required=False,
            default=str(MOST_CONNECTIONS),
            help="Whoever comes beyond them is asked to come again (421)",
        ),
        Setting(
            "patience",
            "End a connection after … seconds without a whole command or mail",
            kind="number",
            required=False,
            default=str(PATIENCE_SECONDS),
        ),
    )
    capabilities = frozenset({Capability.RECEIVE_MAIL})

    def test(self, settings: dict[str, str]) -> TestReport:
        try:
            journal = journal_of("test", settings)
        except (BadInput, OSError) as error:
            return TestReport(ok=False, lines=((False, str(error)),))
        problem = cannot_listen(settings["address"])
        address = next(iter(sorted(journal.addresses)), "journal@journal.internal")
        host = f"[{journal.host}]:{journal.port}"
        lines = (
            (not problem, problem or f"can listen on {settings['address']}, or listens there already"),
            (True, "encrypts with STARTTLS" if journal.tls else "receives without encryption: no certificate is set"),
            (
                True,
                f"in Postfix, main.cf needs: always_bcc = {address}; its transport map: {settings['protocol']}:{host}",
            ),
        )
        return TestReport(ok=all(ok for ok, _ in lines), lines=lines)

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Listen until stopped."""
        asyncio.run(journal_of(name, settings).serve(stop=stop))

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None


def journal_of(name: str, settings: dict[str, str]) -> Journal:
    """The listener these settings ask for. Raises BadInput for a wrong network or an unreadable certificate."""
    host, _, port = settings["address"].rpartition(":")
    return Journal(
        name,
        host.strip("[]"),
        int(port),
        lmtp=settings.get("protocol") == "lmtp",
        addresses=frozenset(settings.get("journal", "").lower().split()),
        clients=tuple(_network(text) for text in (settings.get("clients") or "127.0.0.1 ::1").split()),
        tls=_context(settings.get("cert_file", ""), settings.get("key_file", "")),
        limit=int(settings.get("megabytes") or 100) * 2**20,
        connections=max(1, int(settings.get("connections") or MOST_CONNECTIONS)),
        patience=max(1, int(settings.get("patience") or PATIENCE_SECONDS)),
    )


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise BadInput(f"“{text}” is neither an address nor a network", place="clients") from None


def _context(cert_file: str, key_file: str) -> ssl.SSLContext | None:
    if not cert_file:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(Path(cert_file), Path(key_file) if key_file else None)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(f"the certificate cannot be used: {error}", place="cert_file") from None
    return context
