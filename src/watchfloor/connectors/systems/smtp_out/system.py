"""The connection's settings, what its test looks at, and the thread that empties the outbox."""

import time
from collections.abc import Callable

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.outgoing import outbox
from watchfloor.connectors.outgoing.composing import checked_address
from watchfloor.connectors.outgoing.words import Sender
from watchfloor.connectors.protocols.smtp_session import Server, Session
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError

LOOK_SECONDS = 1.0


class SmtpOutSystem:
    kind = "smtp_out"
    label = "Outgoing mail (SMTP submission)"
    description = (
        "Sends what Watchfloor has to say: scheduled reports, notices of incidents. Mails wait here until the server has "
        "taken them, through restarts too."
    )
    settings = (
        Setting("host", "Server", help="Name or address of the submission server", guards=True),
        Setting("port", "Port", kind="number", default="587", guards=True),
        Setting(
            "security",
            "Encryption",
            kind="choice",
            default="starttls",
            choices=("starttls", "tls", "none"),
            labels=("STARTTLS (usual port 587)", "TLS from the first byte (usual port 465)", "None"),
            help="None never carries a password, except on this machine",
            guards=True,
        ),
        Setting(
            "ca_file",
            "CA file",
            required=False,
            help="PEM file to trust instead of the system's authorities",
            guards=True,
        ),
        Setting("user", "User", required=False, help="Empty: the server takes our mail without sign-in", guards=True),
        Setting("password", "Password", kind="secret", required=False),
        Setting("from_address", "From address", help="As watchfloor@corp.example; the server must let us use it"),
        Setting("from_name", "From name", required=False, default="Watchfloor"),
        Setting("helo", "Our name in EHLO", required=False, help="Empty: this machine's name"),
        Setting("megabytes", "Largest mail, MB", kind="number", required=False, default="25"),
    )
    capabilities = frozenset({Capability.SEND_MAIL})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Reach the server, sign in, and ask whether it takes mail of ours; none is sent."""
        lines: list[tuple[bool, str]] = []
        try:
            address = self.sender(settings).address
            server = server_of(settings)
            session = Session(server)
        except WatchfloorError as error:
            return TestReport(ok=False, lines=((False, str(error)),))
        trusted = "its certificate is trusted" if session.encrypted else "the line is not encrypted"
        lines.append((True, f"reached {server.host}:{server.port}; {trusted}"))
        lines.append((True, f"signed in as {server.user}" if server.user else "no sign-in is set"))
        no = session.may_send(address)
        lines.append((not no, f"it refuses mail from {address}: {no}" if no else f"it takes mail from {address}"))
        session.close()
        return TestReport(ok=all(ok for ok, _ in lines), lines=tuple(lines))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Hand over what is due until stopped."""
        server = server_of(settings)
        outbox.release(name, now=utc_now())
        while not stop():
            if not outbox.empty(name, open_session=lambda: Session(server), now=utc_now):
                time.sleep(LOOK_SECONDS)

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def sender(self, settings: dict[str, str]) -> Sender:
        """Who stands in From. Raises BadInput for what is no address."""
        largest = max(int(settings.get("megabytes") or 25), 1) << 20
        return Sender(checked_address(settings["from_address"]), settings.get("from_name", ""), largest)


def server_of(settings: dict[str, str]) -> Server:
    """Where mail is handed in."""
    security = settings.get("security") or "starttls"
    return Server(
        settings["host"],
        int(settings.get("port") or (465 if security == "tls" else 587)),
        security,
        settings.get("ca_file", ""),
        settings.get("user", ""),
        settings.get("password", ""),
        settings.get("helo", ""),
    )
