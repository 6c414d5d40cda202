"""Entries as accounts and groups; pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from watchfloor.connectors.contracts import Account, DirectoryGroup
from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.systems.openldap import policy
from watchfloor.connectors.systems.openldap.attributes import Attributes
from watchfloor.connectors.systems.openldap.names import domain_of, spelt

PROVIDER = "OpenLDAP"
SIGN_INS = ("authTimestamp", "pwdLastSuccess", "pwdFailureTime")
OF_AN_ACCOUNT = ("objectClass", "entryUUID", "createTimestamp", "gidNumber", *SIGN_INS, *policy.STATE)
OF_A_GROUP = ("objectClass", "entryUUID", "createTimestamp", "cn", "description", "mail", "gidNumber")
MEMBERS = ("member", "uniqueMember", "memberUid")
NO_PEOPLE = {"simplesecurityobject", "applicationprocess", "account"}
"""Object classes of entries that programs sign in with; RFC 4524's “account” names no person either."""
LONGEST, LONGEST_NAME = 300, 1000
"""Characters that are kept of a value and of a distinguished name; nothing that is looked up by is longer."""
DOMAIN_ADMINS = "-512"


@dataclass(slots=True)
class Known:
    """Who is who at this moment: keys by distinguished name, by login name, and of posix groups by number."""

    by_dn: dict[str, str] = field(default_factory=dict)
    by_uid: dict[str, str] = field(default_factory=dict)
    by_number: dict[str, str] = field(default_factory=dict)

    def key(self, dn: str) -> str:
        """The key of the entry of this name, or the name itself when there is none that we read."""
        return self.by_dn.get(spelt(dn), dn)


def key_of(entry: Entry) -> str:
    return entry.text("entryUUID").lower()


def account(entry: Entry, attributes: Attributes, known: Known, policies: policy.Policies, *, now: datetime) -> Account:
    """One person's entry, or a program's."""
    say: Callable[[str], str] = lambda name: attributes.value(entry, name)[:LONGEST]  # noqa: E731  said fifteen times
    classes = {one.lower() for one in entry.texts("objectClass")}
    mails = [one.lower() for one in (*attributes.values(entry, "mail"), *attributes.values(entry, "other_mails"))]
    mails = [one for one in mails if len(one) <= LONGEST]
    manager, number = attributes.value(entry, "manager"), entry.text("gidNumber")
    return Account(
        key=key_of(entry),
        provider=PROVIDER,
        name=say("name"),
        upn=say("upn").lower(),
        mail=mails[0] if mails else "",
        other_mails=tuple(dict.fromkeys(mails[1:])),
        display_name=say("display_name"),
        given_name=say("given_name"),
        surname=say("surname"),
        department=say("department"),
        title=say("title"),
        company=say("company"),
        employee_id=say("employee_id"),
        phone=say("phone"),
        mobile=say("mobile"),
        office=say("office"),
        city=say("city"),
        country=say("country"),
        manager=known.key(manager)[:LONGEST_NAME] if manager else "",
        dn=entry.dn[:LONGEST_NAME],
        domain=domain_of(entry.dn),
        enabled=policy.enabled(entry, policies.of(entry), now=now),
        service=bool(classes & NO_PEOPLE) and not classes & {"inetorgperson", "posixaccount"},
        flags=policy.flags(entry, policies, now=now),
        groups=(known.by_number[number],) if number in known.by_number else (),
        created_at=entry.time("createTimestamp"),
        last_sign_in_at=policy.last_sign_in(entry),
        password_set_at=entry.time("pwdChangedTime"),
        expires_at=policy.expires_at(entry),
        facts=_facts(entry, policies),
    )


def _facts(entry: Entry, policies: policy.Policies) -> dict[str, str]:
    said = {
        "failed sign-ins since the last good one": str(len(policy.failures(entry)) or ""),
        "locked since": "" if policy.suspended(entry) else entry.text("pwdAccountLockedTime"),
        "password policy": entry.text("pwdPolicySubentry") or policies.usual.dn,
    }
    return {name: value for name, value in said.items() if value}


def group(entry: Entry, known: Known, sensitive: Iterable[str] = ()) -> DirectoryGroup:
    """One group of names, of unique names, or of posix; `sensitive` are lower-case names that rule over others."""
    name = entry.text("cn")[:LONGEST]
    why = _why_sensitive(name, entry.text("sambaSID"), frozenset(sensitive))
    return DirectoryGroup(
        key=key_of(entry),
        name=name,
        description=entry.text("description")[:10_000],
        mail=entry.text("mail").lower()[:LONGEST],
        dn=entry.dn[:LONGEST_NAME],
        sid=entry.text("sambaSID")[:200],
        members=tuple(dict.fromkeys(_members(entry, known))),
        sensitive=bool(why),
        why_sensitive=why,
        created_at=entry.time("createTimestamp"),
    )


def _members(entry: Entry, known: Known) -> Iterable[str]:
    for dn in (*entry.texts("member"), *map(_without_number, entry.texts("uniqueMember"))):
        # A group of names needs one member: the group itself, or nobody at all, stands in where there is none.
        if dn and spelt(dn) != spelt(entry.dn):
            yield known.key(dn)
    for uid in entry.texts("memberUid"):
        yield known.by_uid.get(uid.lower(), uid)


def _without_number(name: str) -> str:
    """A unique member's name without the number that may follow it, as in cn=x,dc=y#'0101'B (RFC 4517, 3.3.21)."""
    return name.rpartition("#")[0] if name.endswith("'B") else name


def _why_sensitive(name: str, sid: str, sensitive: frozenset[str]) -> str:
    if sid.endswith(DOMAIN_ADMINS):
        return "its Samba identifier is that of Domain Admins"
    return f"“{name}” is listed as sensitive in the connection" if name.lower() in sensitive else ""
