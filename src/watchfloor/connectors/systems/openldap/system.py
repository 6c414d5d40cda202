"""The connection's settings, and what they open."""

from collections.abc import Callable

from watchfloor.connectors.contracts import AccountActions, Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.ldap_settings import LDAP_ACCOUNT, LDAP_LIMITS, LDAP_SERVER, server_of
from watchfloor.connectors.systems.openldap.actions import OpenLdapAccounts
from watchfloor.connectors.systems.openldap.attributes import AS_TEXT, attributes_of
from watchfloor.connectors.systems.openldap.following import Follower
from watchfloor.connectors.systems.openldap.looking import What, checked_filter
from watchfloor.connectors.systems.openldap.rights import tell_rights

PEOPLE = "(|(objectClass=inetOrgPerson)(objectClass=posixAccount))"
GROUPS = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"


class OpenLdapSystem:
    kind = "openldap"
    label = "OpenLDAP (people, groups, locking accounts)"
    description = (
        "Reads people, groups, managers, locks and the last sign-in from an OpenLDAP server, and keeps up with changes and "
        "deletions. With the right to do so it locks and unlocks accounts and resets passwords through the ppolicy overlay."
    )
    settings = (
        *LDAP_SERVER,
        *LDAP_ACCOUNT,
        Setting("people", "Filter of people", default=PEOPLE),
        Setting("groups", "Filter of groups", required=False, default=GROUPS, help="“none” reads no groups"),
        Setting(
            "attributes",
            "Attributes",
            kind="addresses",
            required=False,
            default=AS_TEXT,
            help="One field per line with the attribute it comes from; after | the next one to look into",
        ),
        Setting(
            "sensitive",
            "Sensitive groups",
            kind="addresses",
            required=False,
            default="admin\nadmins\nadministrators\nroot\nsudo\nwheel",
            help="Names of groups whose members rule over others, one per line",
        ),
        Setting(
            "policy",
            "Default password policy",
            required=False,
            help="Its distinguished name, as in ppolicy_default; needed only where there are several",
        ),
        Setting(
            "sign_ins",
            "Take sign-ins from the password policy's state",
            kind="choice",
            default="yes",
            choices=("yes", "no"),
            help="“No” where slapd's log is read, which knows each of them",
        ),
        Setting(
            "act",
            "Accounts may be acted on",
            kind="choice",
            default="lock and reset",
            choices=("no", "lock", "lock and reset"),
            labels=("No, only read", "Lock and unlock", "Lock, unlock and reset passwords"),
        ),
        Setting(
            "console",
            "Address of the directory's own page on a person",
            required=False,
            help="As https://ldap.corp.example/edit?dn={dn}; {uid} and {uuid} are known, too",
        ),
        Setting("every", "Look every … seconds", kind="number", required=False, default="60"),
        *LDAP_LIMITS,
    )
    capabilities = frozenset({Capability.READ_DIRECTORY, Capability.READ_SIGN_INS, Capability.ACT_ON_ACCOUNTS})

    def test(self, settings: dict[str, str]) -> TestReport:
        """What the account may read and write, tried out without changing anything."""
        return tell_rights(server_of(settings), what_of(settings), act=settings.get("act", "no"))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Keep up until stopped."""
        follower = Follower(server_of(settings), what_of(settings), name=name)
        follower.follow(seconds=max(int(settings.get("every") or 60), 1), stop=stop)

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def accounts(self, settings: dict[str, str], *, name: str) -> AccountActions | None:
        """The accounts of this directory, None where the connection only reads."""
        act = settings.get("act", "no")
        return (
            None
            if act == "no"
            else OpenLdapAccounts(
                server_of(settings),
                what_of(settings),
                name=name,
                may_reset=act == "lock and reset",
                console_url=settings.get("console", ""),
            )
        )


def what_of(settings: dict[str, str]) -> What:
    """What is read. Raises BadInput where a filter or an attribute cannot be right."""
    groups = settings.get("groups") or GROUPS
    return What(
        people=checked_filter(settings.get("people") or PEOPLE, place="people"),
        groups="" if groups.strip().lower() == "none" else checked_filter(groups, place="groups"),
        attributes=attributes_of(settings.get("attributes", "")),
        policy=settings.get("policy", "").strip(),
        sensitive=tuple(settings.get("sensitive", "").split()),
        sign_ins=settings.get("sign_ins", "yes") == "yes",
    )
