"""What an entry of Active Directory says about an account or a group, as our own shapes; pure."""

from datetime import datetime
from typing import Any

from watchfloor.connectors.contracts import Account, AccountFlag, DirectoryGroup
from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.systems.active_directory.descriptors import cannot_change_password
from watchfloor.connectors.systems.active_directory.sensitive import why_sensitive
from watchfloor.connectors.systems.active_directory.values import (
    dns_domain,
    filetime,
    guid,
    guid_of_name,
    plain_name,
    sid,
)

PROVIDER = "ActiveDirectory"
DISABLED = 0x2
LOCKED, EXPIRED_PASSWORD = 0x10, 0x800000
"""These two stand in msDS-User-Account-Control-Computed; in userAccountControl itself they are never kept."""
NEVER_EXPIRES = 0x10000
_FLAGS = {
    0x20: AccountFlag.PASSWORD_NOT_REQUIRED,
    0x40: AccountFlag.CANNOT_CHANGE_PASSWORD,
    0x80: AccountFlag.REVERSIBLE_PASSWORD,
    NEVER_EXPIRES: AccountFlag.PASSWORD_NEVER_EXPIRES,
    0x40000: AccountFlag.SMART_CARD_REQUIRED,
    0x80000: AccountFlag.TRUSTED_FOR_DELEGATION,
    0x100000: AccountFlag.SENSITIVE_NOT_DELEGATED,
    0x200000: AccountFlag.WEAK_ENCRYPTION,
    0x400000: AccountFlag.NO_PREAUTHENTICATION,
    0x1000000: AccountFlag.TRUSTED_FOR_DELEGATION,
    0x4000000: AccountFlag.PARTIAL,
}
_MANAGED = {"msds-groupmanagedserviceaccount", "msds-managedserviceaccount"}
_PERSON = {
    "display_name": "displayName",
    "given_name": "givenName",
    "surname": "sn",
    "department": "department",
    "title": "title",
    "company": "company",
    "employee_id": "employeeID",
    "phone": "telephoneNumber",
    "mobile": "mobile",
    "office": "physicalDeliveryOfficeName",
    "city": "l",
    "country": "co",
}
_FACTS = ("userAccountControl", "adminCount", "badPwdCount", "logonCount", "description", "streetAddress", "st")
STATE = ("userAccountControl", "msDS-User-Account-Control-Computed", "lockoutTime", "pwdLastSet", "accountExpires")
ACCOUNT_ATTRIBUTES = (
    *[
        "objectGUID",
        "objectSid",
        "objectClass",
        "sAMAccountName",
        "userPrincipalName",
        "mail",
        "proxyAddresses",
        "manager",
        "primaryGroupID",
        "cn",
    ],
    *[
        "whenCreated",
        "lastLogon",
        "lastLogonTimestamp",
        "servicePrincipalName",
        "uSNChanged",
        "isDeleted",
        "nTSecurityDescriptor",
    ],
    *_PERSON.values(),
    *_FACTS,
    *STATE,
)
GROUP_ATTRIBUTES = (
    *[
        "objectGUID",
        "objectSid",
        "sAMAccountName",
        "cn",
        "description",
        "mail",
        "adminCount",
        "whenCreated",
        "uSNChanged",
        "isDeleted",
        "groupType",
    ],
    "member",
)


def account(entry: Entry, *, now: datetime, netbios: str = "", primary: str = "") -> Account:
    """One account. `netbios` is the domain's short name, `primary` the key of its primary group, "" when not known."""
    dn = plain_name(entry.dn)
    mail = entry.text("mail").lower()
    person: dict[str, Any] = {name: entry.text(attribute) for name, attribute in _PERSON.items()}
    person["display_name"] = person["display_name"] or entry.text("cn")
    return Account(
        key=guid(entry.raw("objectGUID")),
        provider=PROVIDER,
        name=entry.text("sAMAccountName"),
        upn=entry.text("userPrincipalName").lower(),
        mail=mail,
        other_mails=_other_mails(entry, mail),
        **person,
        manager=guid_of_name(entry.text("manager")),
        dn=dn,
        sid=sid(entry.raw("objectSid")),
        domain=netbios or dns_domain(dn),
        enabled=not number(entry, "userAccountControl") & DISABLED,
        service=_is_service(entry),
        flags=flags(entry, now=now),
        groups=(primary,) if primary else (),
        created_at=entry.time("whenCreated"),
        last_sign_in_at=_latest(entry, "lastLogon", "lastLogonTimestamp"),
        password_set_at=filetime(entry.text("pwdLastSet")),
        expires_at=filetime(entry.text("accountExpires")),
        facts=_facts(entry, dn),
    )


def gone(entry: Entry, *, netbios: str = "") -> Account:
    """What is left of a deleted account: who it was, and that it is gone."""
    return Account(
        key=guid(entry.raw("objectGUID")),
        provider=PROVIDER,
        name=entry.text("sAMAccountName"),
        dn=plain_name(entry.dn),
        sid=sid(entry.raw("objectSid")),
        domain=netbios or dns_domain(entry.dn),
        enabled=False,
        deleted=True,
    )


def group(entry: Entry, *, members: tuple[str, ...] = ()) -> DirectoryGroup:
    """One group; `members` are extended distinguished names."""
    name, its_sid = entry.text("sAMAccountName") or entry.text("cn"), sid(entry.raw("objectSid"))
    why = why_sensitive(its_sid, name, guarded=entry.text("adminCount") == "1")
    return DirectoryGroup(
        key=guid(entry.raw("objectGUID")),
        name=name,
        description=entry.text("description"),
        mail=entry.text("mail").lower(),
        dn=plain_name(entry.dn),
        sid=its_sid,
        members=tuple(map(guid_of_name, members)),
        sensitive=bool(why),
        why_sensitive=why,
        created_at=entry.time("whenCreated"),
        deleted=is_deleted(entry),
    )


def flags(entry: Entry, *, now: datetime) -> tuple[str, ...]:
    """What stands out about the account's state, in our words."""
    control, computed = number(entry, "userAccountControl"), number(entry, "msDS-User-Account-Control-Computed")
    found = {flag for bit, flag in _FLAGS.items() if control & bit}
    expires = filetime(entry.text("accountExpires"))
    if locked(entry):
        found.add(AccountFlag.LOCKED)
    if expires is not None and expires <= now:
        found.add(AccountFlag.EXPIRED)
    if must_change(entry):
        found.add(AccountFlag.MUST_CHANGE_PASSWORD)
    elif computed & EXPIRED_PASSWORD:
        found.add(AccountFlag.PASSWORD_EXPIRED)
    if cannot_change_password(entry.raw("nTSecurityDescriptor")):
        found.add(AccountFlag.CANNOT_CHANGE_PASSWORD)
    return tuple(sorted(found))


def locked(entry: Entry) -> bool:
    """Whether too many wrong passwords have locked it. lockoutTime stays after the lock has ended, so the computed bit decides."""
    if entry.has("msDS-User-Account-Control-Computed"):
        return bool(number(entry, "msDS-User-Account-Control-Computed") & LOCKED)
    return number(entry, "lockoutTime") > 0


def must_change(entry: Entry) -> bool:
    """Whether the next sign-in asks for a new password; without effect where the password never expires."""
    return entry.text("pwdLastSet") == "0" and not number(entry, "userAccountControl") & NEVER_EXPIRES


def number(entry: Entry, name: str) -> int:
    """A whole number, 0 when there is none."""
    try:
        return int(entry.text(name) or 0)
    except ValueError:
        return 0


def is_deleted(entry: Entry) -> bool:
    return entry.text("isDeleted").upper() == "TRUE"


def is_managed(entry: Entry) -> bool:
    """Whether the directory itself sets this account's password (managed service accounts)."""
    return not _MANAGED.isdisjoint(name.lower() for name in entry.texts("objectClass"))


def _is_service(entry: Entry) -> bool:
    return is_managed(entry) or entry.has("servicePrincipalName")


def _other_mails(entry: Entry, mail: str) -> tuple[str, ...]:
    said = (text[5:].lower() for text in entry.texts("proxyAddresses") if text[:5].lower() == "smtp:")
    return tuple(dict.fromkeys(address for address in said if address and address != mail))


def _latest(entry: Entry, *names: str) -> datetime | None:
    times = (filetime(entry.text(name)) for name in names)
    return max((time for time in times if time), default=None)


def _facts(entry: Entry, dn: str) -> dict[str, str]:
    facts = {name: entry.text(name) for name in _FACTS if entry.has(name)}
    if entry.has("servicePrincipalName"):
        facts["servicePrincipalName"] = ", ".join(entry.texts("servicePrincipalName")[:20])
    return facts | {"dnsDomain": dns_domain(dn)}
