"""The connection's settings, what its test looks at, what it reads in turn, and the accounts it acts on."""

import time
from collections.abc import Callable
from datetime import timedelta

from watchfloor.connectors.contracts import AccountActions, Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.access_token import lasting
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.protocols.rounds import Part, Rounds, patiently
from watchfloor.connectors.systems.okta.acting import OktaAccounts
from watchfloor.connectors.systems.okta.reading import Directory, SystemLog
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError

QUESTIONS = (
    ("/api/v1/users", "people", "a Read-only Administrator's token reads them"),
    ("/api/v1/groups", "groups", "a Read-only Administrator's token reads them"),
    ("/api/v1/logs", "the System Log", "a Report Administrator's or Read-only Administrator's token reads it"),
)


class Okta:
    kind = "okta"
    label = "Okta"
    description = "Reads people, groups, sign-ins and changes from Okta. It can also suspend accounts, end sessions and reset passwords."
    settings = (
        Setting("url", "Address", help="As https://corp.okta.com", guards=True),
        Setting("token", "API token", kind="secret", help="It has the rights of the administrator who made it"),
        Setting(
            "people_minutes",
            "Read people every … minutes",
            kind="number",
            default="15",
            help="Okta tells all of them each time",
        ),
        Setting("days", "Days of log to read at first", kind="number", default="7", help="Okta keeps 90 days"),
        Setting("seconds", "Look at the log every … seconds", kind="number", default="60"),
        Setting(
            "act",
            "Act on accounts",
            kind="choice",
            default="no",
            choices=("no", "yes"),
            help="Needs a token of an Organization, Group or Help Desk Administrator",
        ),
    )
    capabilities = frozenset(
        {Capability.READ_DIRECTORY, Capability.READ_SIGN_INS, Capability.READ_ACTIVITY, Capability.ACT_ON_ACCOUNTS}
    )

    def test(self, settings: dict[str, str]) -> TestReport:
        """Ask for one of each kind."""
        lines: list[tuple[bool, str]] = []
        for path, what, who in QUESTIONS:
            try:
                with _rest(settings, attempts=2) as rest:
                    rest.get(path, limit="1")
                lines.append((True, f"can read {what}"))
            except WatchfloorError as error:
                lines.append((False, f"cannot read {what}: {error.message} ({who})"))
        if settings.get("act") == "yes":
            lines.append((True, "Okta does not tell what a token may change; the first action will"))
        return TestReport(all(ok for ok, _ in lines), tuple(lines))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Read until stopped."""
        with _rest(settings, pause=patiently(stop)) as rest:
            Rounds(name, parts_of(settings, name, rest, stop), stop).run()

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def accounts(self, settings: dict[str, str], *, name: str) -> AccountActions | None:
        """The organisation's accounts, when the settings allow acting on them."""
        return (
            OktaAccounts(name, _rest(settings, attempts=4, longest_wait=20.0)) if settings.get("act") == "yes" else None
        )


def _rest(
    settings: dict[str, str],
    *,
    pause: Callable[[float], None] = time.sleep,
    attempts: int = 6,
    longest_wait: float = 300.0,
) -> Rest:
    token = lasting(settings["token"], scheme="SSWS")
    return Rest(settings["url"], token, pause=pause, attempts=attempts, longest_wait=longest_wait)


def parts_of(settings: dict[str, str], name: str, rest: Rest, stop: Callable[[], bool]) -> list[Part]:
    """What is read, and how often."""
    log = SystemLog.of(name, rest, timedelta(days=int(settings.get("days") or 7)), utc_now, stop)
    minutes = max(float(settings.get("people_minutes") or 15), 1.0)
    return [
        Part("people", "people and groups", minutes * 60, Directory(name, rest).read),
        Part("log", "the System Log", float(settings.get("seconds") or 60), log.read),
    ]
