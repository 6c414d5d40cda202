"""The connection's settings, what its test looks at, what it reads in turn, and the accounts it acts on."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

from watchfloor.connectors.content import CONTENT_SETTINGS
from watchfloor.connectors.contracts import AccountActions, Capability, FileRef, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.rest import Rest, checked_address
from watchfloor.connectors.protocols.rounds import Part, Rounds, patiently
from watchfloor.connectors.systems.microsoft365.access import feed_of, graph_of, roles_in, token_of
from watchfloor.connectors.systems.microsoft365.acting import EntraAccounts
from watchfloor.connectors.systems.microsoft365.activity import Feed
from watchfloor.connectors.systems.microsoft365.files import Drives
from watchfloor.connectors.systems.microsoft365.logs import AUDITS, DETECTIONS, RISKY_USERS, SIGN_INS, GraphLogs
from watchfloor.connectors.systems.microsoft365.people import Directory
from watchfloor.connectors.systems.microsoft365.permissions import ACTIVITY, NEEDS, lines_about, words_on_excess
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError

YES_NO = ("no", "yes")
ROLES_EVERY = 600.0
"""Seconds; a question for each role that somebody holds."""
FILES_EVERY = 3600.0


def _switch(name: str, label: str, default: str, help: str = "") -> Setting:
    return Setting(name, label, kind="choice", default=default, choices=YES_NO, help=help)


class Microsoft365:
    kind = "microsoft365"
    label = "Microsoft 365 and Entra ID"
    description = (
        "Reads people, groups, sign-ins, risk, audit records and shared files through Microsoft Graph, with the permissions of an "
        "application you register. It can also act on accounts."
    )
    settings = (
        Setting("tenant_id", "Tenant ID", help="Of the directory, as shown on the application's page in Entra"),
        Setting("client_id", "Application (client) ID"),
        Setting("client_secret", "Client secret", kind="secret"),
        _switch("people", "Read people and groups", "yes"),
        _switch("sign_ins", "Read sign-ins and directory audits", "yes", "Sign-ins need an Entra ID P1 licence"),
        _switch("risk", "Read risk detections and risky accounts", "no", "Needs an Entra ID P2 licence"),
        _switch("activity", "Read the unified audit log", "yes", "Auditing must be switched on in the tenant"),
        _switch(
            "files",
            "Read who owns and shares files",
            "no",
            "One question per person each hour, one per shared file when it changes",
        ),
        Setting(
            "drives_of",
            "Only files of",
            kind="addresses",
            required=False,
            help="One address per line. Empty: everybody in the directory",
        ),
        *CONTENT_SETTINGS,
        _switch(
            "act", "Act on accounts", "no", "Suspend, enable, sign out, reset passwords, set risk, stop inbox rules"
        ),
        Setting(
            "days", "Days to read at first", kind="number", default="7", help="Entra keeps 30 days, 7 without a licence"
        ),
        Setting("seconds", "Look every … seconds", kind="number", default="60"),
        Setting("login_url", "Sign-in address", default="https://login.microsoftonline.com", guards=True),
        Setting("graph_url", "Graph address", default="https://graph.microsoft.com", guards=True),
        Setting("activity_url", "Audit log address", default="https://manage.office.com", guards=True),
    )
    capabilities = frozenset(
        {
            Capability.READ_DIRECTORY,
            Capability.READ_SIGN_INS,
            Capability.READ_ACTIVITY,
            Capability.READ_FILES,
            Capability.ACT_ON_ACCOUNTS,
        }
    )

    def test(self, settings: dict[str, str]) -> TestReport:
        """Get a token, and say for everything the settings ask for whether the application may."""
        lines: list[tuple[bool, str]] = []
        try:
            granted = roles_in(
                token_of(
                    settings, resource=checked_address(settings["graph_url"], setting="graph_url"), fresh=True
                ).token()
            )
            lines.append(
                (True, f"signed in; the application holds {', '.join(sorted(granted)) or 'no permission at all'}")
            )
            lines += lines_about(granted, NEEDS, settings)
            if excess := words_on_excess(granted):
                lines.append((True, excess))
            lines += self._test_feed(settings) + self._test_graph(settings)
        except WatchfloorError as error:
            lines.append((False, str(error)))
        return TestReport(all(ok for ok, _ in lines), tuple(lines))

    def _test_feed(self, settings: dict[str, str]) -> list[tuple[bool, str]]:
        if settings.get("activity") != "yes":
            return []
        resource = checked_address(settings["activity_url"], setting="activity_url")
        return list(
            lines_about(roles_in(token_of(settings, resource=resource, fresh=True).token()), (ACTIVITY,), settings)
        )

    def _test_graph(self, settings: dict[str, str]) -> list[tuple[bool, str]]:
        """One question that shows the token is taken and people are told."""
        if settings.get("people") != "yes":
            return []
        with graph_of(settings, attempts=2, longest_wait=10.0) as graph:
            said = graph.get("/v1.0/users", **{"$top": "1", "$select": "userPrincipalName"}).object.get("value")
        first = said[0].get("userPrincipalName", "") if isinstance(said, list) and said else ""
        return [(bool(first), f"can read people, as {first}" if first else "the directory tells of nobody")]

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Read until stopped."""
        pause = patiently(stop)
        with graph_of(settings, pause=pause) as graph, feed_of(settings, pause=pause) as feed:
            Rounds(name, parts_of(settings, name, graph, feed, stop), stop).run()

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def content_of(self, settings: dict[str, str], file: FileRef, *, most: int) -> bytes:
        """One file's bytes by its id in the owner's drive; see ContentSystem. Needs Files.Read.All, as listing files does."""
        with graph_of(settings, attempts=3, longest_wait=20.0) as graph:
            item = f"/v1.0/users/{quote(file.owner, safe='@')}/drive/items/{quote(file.key, safe='!')}/content"
            return graph.download(item, most=most)

    def accounts(self, settings: dict[str, str], *, name: str) -> AccountActions | None:
        """The tenant's accounts, when the settings allow acting on them."""
        if settings.get("act") != "yes":
            return None
        return EntraAccounts(name, graph_of(settings, attempts=4, longest_wait=20.0), settings["tenant_id"])


def parts_of(settings: dict[str, str], name: str, graph: Rest, feed: Rest, stop: Callable[[], bool]) -> list[Part]:
    """What the settings ask to be read; people before what they do."""
    seconds, first = float(settings.get("seconds") or 60), timedelta(days=int(settings.get("days") or 7))
    logs = GraphLogs(name, graph, first, utc_now, stop)
    directory = Directory(name, graph, stop)
    audit = Feed(name, feed, settings["tenant_id"], first, utc_now, stop)
    drives = Drives(name, graph, tuple(settings.get("drives_of", "").split()), stop)
    every = (
        ("people", Part("roles", "administrator roles", max(seconds, ROLES_EVERY), directory.read_roles)),
        ("people", Part("people", "people and groups", max(seconds, 60.0), directory.read)),
        ("sign_ins", Part("sign_ins", "sign-ins", seconds, lambda: logs.read(SIGN_INS))),
        ("sign_ins", Part("audits", "directory audits", seconds, lambda: logs.read(AUDITS))),
        ("risk", Part("risk", "risk", seconds, lambda: logs.read(DETECTIONS, RISKY_USERS))),
        ("activity", Part("activity", "the unified audit log", seconds, audit.read)),
        ("files", Part("files", "files", max(seconds, FILES_EVERY), drives.read)),
    )
    return [part for switch, part in every if settings.get(switch) == "yes"]
