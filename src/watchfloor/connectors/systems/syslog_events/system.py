"""The connection's settings, and the line to put into rsyslog's configuration."""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.event_intake import SHAPE_SETTINGS, reading_line, reading_of, report
from watchfloor.connectors.protocols.listening import cannot_listen
from watchfloor.connectors.systems.syslog_events.listening import Listener, Network
from watchfloor.kernel.errors import BadInput


class SyslogSystem:
    kind = "syslog_events"
    label = "Syslog (TCP, TLS or UDP)"
    description = (
        "Takes sign-ins and device events that machines send as syslog: RFC 5424 and RFC 3164, one message a line or counted, "
        "JSON inside included. Over TCP a sender waits while the disk is busy; over UDP what comes too fast is lost."
    )
    settings = (
        Setting("address", "Listen on", default="127.0.0.1:8827", help="host:port"),
        Setting(
            "transport",
            "Transport",
            kind="choice",
            default="tcp",
            choices=("tcp", "tcp+udp", "tls"),
            labels=("TCP", "TCP and UDP", "TLS"),
        ),
        Setting("cert_file", "Certificate file", required=False, help="PEM; needed for TLS"),
        Setting("key_file", "Key file", required=False),
        Setting(
            "ca_file",
            "CA file",
            required=False,
            help="PEM; with it only senders with a certificate of this CA are heard",
        ),
        Setting("clients", "Allowed senders", kind="addresses", default="127.0.0.1\n::1", help="Addresses or networks"),
        Setting("zone", "Time zone of times without one", default="UTC", required=False, help="As Europe/Vienna"),
        *SHAPE_SETTINGS,
        Setting("connections", "Connections at once", kind="number", required=False, default="500"),
    )
    capabilities = frozenset({Capability.READ_SIGN_INS, Capability.READ_DEVICES})

    def test(self, settings: dict[str, str]) -> TestReport:
        problem = cannot_listen(settings["address"])
        try:
            listener_of("test", settings)
        except BadInput as error:
            return report((False, error.message))
        return report(
            (not problem, problem or f"can listen on {settings['address']}, or listens there already"),
            (True, _safety(settings)),
            reading_line(settings),
            (True, f"in rsyslog: {_rsyslog(settings)}"),
        )

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Listen until stopped."""
        asyncio.run(listener_of(name, settings).serve(stop=stop))

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None


def _safety(settings: dict[str, str]) -> str:
    if settings.get("transport") != "tls":
        return "receives without encryption, from the allowed senders only"
    return "encrypts, and hears senders with a certificate of the CA" if settings.get("ca_file") else "encrypts"


def _rsyslog(settings: dict[str, str]) -> str:
    host, _, port = settings["address"].rpartition(":")
    tls = ' StreamDriver="gtls" StreamDriverMode="1"' if settings.get("transport") == "tls" else ""
    return (
        f'action(type="omfwd" target="{host}" port="{port}" protocol="tcp" TCP_Framing="octet-counted" '
        f'template="RSYSLOG_SyslogProtocol23Format"{tls})'
    )


def listener_of(name: str, settings: dict[str, str]) -> Listener:
    """The listener these settings ask for. Raises BadInput for what cannot be."""
    host, _, port = settings["address"].rpartition(":")
    if not port.isdigit():
        raise BadInput("an address is host:port", place="address")
    transport = settings.get("transport") or "tcp"
    return Listener(
        name,
        host.strip("[]"),
        int(port),
        reading_of(settings),
        _zone(settings.get("zone") or "UTC"),
        tls=_context(settings) if transport == "tls" else None,
        udp=transport == "tcp+udp",
        clients=tuple(_network(text) for text in (settings.get("clients") or "127.0.0.1 ::1").split()),
        connections=max(1, int(settings.get("connections") or 500)),
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(f"there is no time zone “{name}”", place="zone") from None


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise BadInput(f"“{text}” is neither an address nor a network", place="clients") from None


def _context(settings: dict[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key, ca = settings.get("key_file", ""), settings.get("ca_file", "")
    try:
        context.load_cert_chain(Path(settings.get("cert_file", "")), Path(key) if key else None)
        if ca:
            context.load_verify_locations(ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise BadInput(f"the certificate cannot be used: {error}", place="cert_file") from None
    return context
