"""The connection's settings, and its test."""

from collections.abc import Callable

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.deadline import LARGEST, SECONDS, bytes_of, seconds_of
from watchfloor.connectors.systems.rspamd.asking import Rspamd
from watchfloor.kernel.errors import WatchfloorError

TRIAL = b"From: test@watchfloor.invalid\r\nTo: test@watchfloor.invalid\r\nSubject: Test connection\r\n\r\nHello.\r\n"


class RspamdSystem:
    kind = "rspamd"
    label = "rspamd (second opinion)"
    description = (
        "Asks an rspamd about each mail, with its whole envelope. Its score joins the verdict as one reason among others, "
        "with the rules that made it."
    )
    settings = (
        Setting(
            "url",
            "Address",
            default="http://127.0.0.1:11333",
            help="A normal worker (port 11333), or the controller (port 11334) with its password",
            guards=True,
        ),
        Setting(
            "password", "Password", kind="secret", required=False, help="Of the controller; a normal worker asks none"
        ),
        Setting("ca_file", "CA certificate", required=False, help="A file, for https with a certificate of your own"),
        SECONDS,
        LARGEST,
    )
    capabilities = frozenset({Capability.GIVE_OPINION})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Reach it, and have it judge a harmless mail."""
        asked = self.opinion(settings, name="rspamd")
        try:
            asked.ping()
            result = asked.check(TRIAL, [])
        except WatchfloorError as error:
            return TestReport(ok=False, lines=((False, f"{settings.get('url', '')} was not reached: {error.message}"),))
        return TestReport(
            ok=True,
            lines=(
                (True, f"rspamd answers at {settings.get('url', '')}"),
                (
                    True,
                    f"can judge: a harmless test mail scores {result.score:.1f} of {result.threshold:g}, “{result.action}”",
                ),
            ),
        )

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Nothing listens here: it is asked with each mail."""

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def opinion(self, settings: dict[str, str], *, name: str) -> Rspamd:
        """Whom to ask."""
        return Rspamd(
            who=name,
            url=settings.get("url", "").strip().rstrip("/"),
            password=settings.get("password", ""),
            ca_file=settings.get("ca_file", ""),
            seconds=seconds_of(settings),
            largest=bytes_of(settings),
        )
