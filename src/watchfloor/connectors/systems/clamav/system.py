"""The connection's settings, and its test."""

import base64
from collections.abc import Callable

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.deadline import LARGEST, SECONDS, Deadline, bytes_of, seconds_of
from watchfloor.connectors.systems.clamav.clamd import Clamd
from watchfloor.kernel.errors import WatchfloorError

# In base64, or a scanner would take this file away.
EICAR = base64.b64decode("WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo=")


class ClamavSystem:
    kind = "clamav"
    label = "ClamAV (second opinion)"
    description = "Has clamd look for known malware in each mail, and marks the attachment it was found in."
    settings = (
        Setting(
            "address",
            "clamd listens on",
            default="/var/run/clamav/clamd.ctl",
            help="The path of its socket (LocalSocket), or host:port (TCPAddr and TCPSocket)",
        ),
        SECONDS,
        LARGEST,
    )
    capabilities = frozenset({Capability.GIVE_OPINION})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Reach it, and have it find the harmless test virus."""
        asked = self.opinion(settings, name="clamav")
        try:
            lines = [(True, f"{asked.version()} answers at {asked.address}")]
            found = asked.scan(EICAR, Deadline(asked.seconds))
        except WatchfloorError as error:
            return TestReport(ok=False, lines=((False, f"{asked.address} was not reached: {error.message}"),))
        if found:
            lines.append((True, f"can find malware: the harmless EICAR test file is {found}"))
        else:
            lines.append((False, "does not find the harmless EICAR test file: are its signatures loaded?"))
        return TestReport(ok=bool(found), lines=tuple(lines))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Nothing listens here: it is asked with each mail."""

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def opinion(self, settings: dict[str, str], *, name: str) -> Clamd:
        """Whom to ask."""
        return Clamd(
            who=name, address=settings.get("address", ""), seconds=seconds_of(settings), largest=bytes_of(settings)
        )
