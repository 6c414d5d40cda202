"""The connection's settings, what they allow, and what they open."""

from collections.abc import Callable

from watchfloor.connectors.contracts import AccountActions, Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.ldap_settings import LDAP_LIMITS, LDAP_SERVER, server_of
from watchfloor.connectors.systems.active_directory.acting import DomainAccounts, check_encrypted
from watchfloor.connectors.systems.active_directory.rights import report


class ActiveDirectorySystem:
    kind = "active_directory"
    label = "Active Directory"
    description = (
        "Reads people and groups of a Windows or Samba domain and follows their changes. With the rights for it, suspends and "
        "enables accounts and replaces their passwords."
    )
    settings = (
        *LDAP_SERVER,
        Setting("bind_dn", "Sign in as", help="An account made for Watchfloor, as watchfloor@corp.example"),
        Setting("password", "Password", kind="secret"),
        Setting("base_dn", "Search below", help="As DC=corp,DC=example. Several are separated by a semicolon."),
        Setting("every", "Look for changes every … seconds", kind="number", required=False, default="60"),
        Setting(
            "full_hours",
            "Read everything every … hours",
            kind="number",
            required=False,
            default="24",
            help="Finds what was deleted where the account may not list deleted objects",
        ),
        Setting(
            "act",
            "Act on accounts",
            kind="choice",
            default="yes",
            choices=("yes", "no"),
            help="Suspend, enable, replace passwords; “Test connection” says which rights are missing",
        ),
        Setting(
            "test_account",
            "Account for the test",
            required=False,
            help="Its login name; “Test connection” asks which rights there are on it, and changes nothing",
        ),
        Setting(
            "console",
            "Page of an account",
            required=False,
            help="Address of your own administration page, with {name}, {upn}, {dn}, {sid} or {key} in it",
        ),
        *LDAP_LIMITS,
    )
    capabilities = frozenset({Capability.READ_DIRECTORY, Capability.ACT_ON_ACCOUNTS})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Sign in, read, and ask the controller what it would refuse; changes nothing."""
        return report(
            server_of(settings), acting=settings.get("act") != "no", example=settings.get("test_account", "").strip()
        )

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Follow the domain until stopped."""
        from watchfloor.connectors.systems.active_directory.following import follow

        follow(
            server_of(settings),
            name=name,
            seconds=max(int(settings.get("every") or 60), 1),
            full_hours=max(int(settings.get("full_hours") or 24), 1),
            stop=stop,
        )

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def accounts(self, settings: dict[str, str], *, name: str) -> AccountActions | None:
        """The domain's accounts; None where the connection only reads."""
        if settings.get("act") == "no":
            return None
        server = server_of(settings)
        check_encrypted(server)
        return DomainAccounts(server, name, settings.get("console", "").strip())
