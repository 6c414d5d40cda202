"""The connection's settings, what its test looks at, what it reads in turn, and the accounts it acts on."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from watchfloor.connectors.contracts import AccountActions, Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.protocols.rounds import Part, Rounds, patiently
from watchfloor.connectors.systems.google_workspace.access import ACT, READ, token_of
from watchfloor.connectors.systems.google_workspace.acting import WorkspaceAccounts
from watchfloor.connectors.systems.google_workspace.reading import DIRECTORY, REPORTS, Audits, Directory
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError

APPLICATIONS = "login admin token user_accounts drive"
ASKED = ((f"{DIRECTORY}/users", "people"), (f"{DIRECTORY}/groups", "groups"), (f"{REPORTS}/login", "sign-ins"))


class GoogleWorkspace:
    kind = "google_workspace"
    label = "Google Workspace"
    description = (
        "Reads people, groups, sign-ins and audits from Google Workspace with a service account that acts for an administrator. "
        "It can also suspend accounts, sign them out and reset passwords."
    )
    settings = (
        Setting("credentials", "Service account key", kind="secret", help="The whole JSON file"),
        Setting("admin", "Administrator", help="Address of the administrator it acts for"),
        Setting("applications", "Audit logs", default=APPLICATIONS, help="As Google names them, separated by blanks"),
        Setting(
            "people_minutes",
            "Read people every … minutes",
            kind="number",
            default="15",
            help="Google tells all of them each time",
        ),
        Setting("days", "Days of log to read at first", kind="number", default="7", help="Google keeps 180 days"),
        Setting("seconds", "Look at the logs every … seconds", kind="number", default="120"),
        Setting(
            "act",
            "Act on accounts",
            kind="choice",
            default="no",
            choices=("no", "yes"),
            help="Suspend, enable, sign out, reset passwords",
        ),
        Setting("url", "Admin SDK address", default="https://admin.googleapis.com", guards=True),
        Setting("token_url", "Token address", default="https://oauth2.googleapis.com/token", guards=True),
    )
    capabilities = frozenset(
        {Capability.READ_DIRECTORY, Capability.READ_SIGN_INS, Capability.READ_ACTIVITY, Capability.ACT_ON_ACCOUNTS}
    )

    def test(self, settings: dict[str, str]) -> TestReport:
        """Get a token for each scope alone, so that the one that is not delegated is named; then ask for one of each kind."""
        wanted = (*READ, *ACT) if settings.get("act") == "yes" else READ
        lines = [_try(partial(_grant, settings, scope), f"{scope} is delegated", f"no {scope}") for scope in wanted]
        lines += [
            _try(partial(_ask, settings, path), f"can read {what}", f"cannot read {what}") for path, what in ASKED
        ]
        return TestReport(all(ok for ok, _ in lines), tuple(lines))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Read until stopped."""
        with _rest(settings, READ, pause=patiently(stop)) as rest:
            Rounds(name, parts_of(settings, name, rest, stop), stop).run()

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def accounts(self, settings: dict[str, str], *, name: str) -> AccountActions | None:
        """The Workspace's accounts, when the settings allow acting on them."""
        if settings.get("act") != "yes":
            return None
        return WorkspaceAccounts(name, _rest(settings, ACT, attempts=4, longest_wait=20.0))


def _try(question: Callable[[], object], good: str, bad: str) -> tuple[bool, str]:
    try:
        question()
    except WatchfloorError as error:
        return False, f"{bad}: {error.message}"
    return True, good


def _grant(settings: dict[str, str], scope: str) -> None:
    token_of(settings, (scope,)).token()


def _ask(settings: dict[str, str], path: str) -> None:
    customer = {} if "/reports/" in path else {"customer": "my_customer"}
    with _rest(settings, READ, attempts=2) as rest:
        rest.get(path, maxResults="1", **customer)


def _rest(
    settings: dict[str, str],
    scopes: tuple[str, ...],
    *,
    pause: Callable[[float], None] = time.sleep,
    attempts: int = 6,
    longest_wait: float = 300.0,
) -> Rest:
    return Rest(settings["url"], token_of(settings, scopes), pause=pause, attempts=attempts, longest_wait=longest_wait)


def parts_of(settings: dict[str, str], name: str, rest: Rest, stop: Callable[[], bool]) -> list[Part]:
    """What is read, and how often."""
    applications = tuple((settings.get("applications") or APPLICATIONS).replace(",", " ").split())
    audits = Audits(name, rest, applications, timedelta(days=int(settings.get("days") or 7)), utc_now, stop)
    minutes = max(float(settings.get("people_minutes") or 15), 1.0)
    return [
        Part("people", "people and groups", minutes * 60, Directory(name, rest).read),
        Part("audits", "audit logs", float(settings.get("seconds") or 120), audits.read),
    ]
