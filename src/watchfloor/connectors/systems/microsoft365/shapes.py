"""Graph's people, groups and drive items as our Account, DirectoryGroup and OwnedFile. Values of the wrong type read as absent."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchfloor.connectors.contracts import Account, AccountFlag, DirectoryGroup, OwnedFile, Share
from watchfloor.connectors.records.fields import Fields

PROVIDER = "EntraID"
USER_FIELDS = (
    "id,userPrincipalName,mail,otherMails,proxyAddresses,displayName,givenName,surname,department,jobTitle,companyName,"
    "employeeId,businessPhones,mobilePhone,officeLocation,city,country,manager,onPremisesSamAccountName,"
    "onPremisesSecurityIdentifier,onPremisesDistinguishedName,onPremisesDomainName,onPremisesSyncEnabled,accountEnabled,"
    "userType,passwordPolicies,createdDateTime,lastPasswordChangeDateTime"
)
GROUP_FIELDS = (
    "id,displayName,description,mail,createdDateTime,isAssignableToRole,securityEnabled,onPremisesSecurityIdentifier"
)
MOST = 1000
"""Members of one list inside a person, as other addresses."""


def account_of(user: Mapping[str, Any], roles: Iterable[str] = ()) -> Account:
    """One person of users/delta; `@removed` says that the account is gone."""
    told, key = Fields(user), Fields(user).text("id")
    if "@removed" in told:
        return Account(key, PROVIDER, deleted=True)
    upn, mail = told.text("userPrincipalName").lower(), told.text("mail").lower()
    return Account(
        key=key,
        provider=PROVIDER,
        name=told.text("onPremisesSamAccountName") or upn.partition("@")[0],
        upn=upn,
        mail=mail,
        other_mails=tuple(sorted(_addresses(user) - {mail, ""})),
        display_name=told.text("displayName"),
        given_name=told.text("givenName"),
        surname=told.text("surname"),
        department=told.text("department"),
        title=told.text("jobTitle"),
        company=told.text("companyName"),
        employee_id=told.text("employeeId"),
        phone=next(iter(_texts(user.get("businessPhones"))), ""),
        mobile=told.text("mobilePhone"),
        office=told.text("officeLocation"),
        city=told.text("city"),
        country=told.text("country"),
        manager=_manager(told),
        dn=told.text("onPremisesDistinguishedName"),
        sid=told.text("onPremisesSecurityIdentifier"),
        domain=told.text("onPremisesDomainName"),
        enabled=told.switch("accountEnabled") is not False,
        guest=told.text("userType").lower() == "guest",
        flags=_flags(told),
        roles=tuple(sorted(roles)),
        created_at=told.moment("createdDateTime"),
        password_set_at=told.moment("lastPasswordChangeDateTime"),
        facts={"Synchronised from Active Directory": "yes"} if told.switch("onPremisesSyncEnabled") else {},
    )


def _texts(value: Any) -> list[str]:
    return [one for one in value[:MOST] if isinstance(one, str)] if isinstance(value, list) else []


def _addresses(user: Mapping[str, Any]) -> set[str]:
    proxies = (one.partition(":") for one in _texts(user.get("proxyAddresses")))
    aliases = {address.lower() for kind, _, address in proxies if kind.lower() == "smtp"}
    return aliases | {one.lower() for one in _texts(user.get("otherMails"))}


def _manager(told: Fields) -> str:
    """The last of the changes in `manager@delta` that is no removal."""
    said = [one.text("id") for one in told.parts("manager@delta") if "@removed" not in one]
    return said[-1] if said else told.part("manager").text("id")


def _flags(told: Fields) -> tuple[str, ...]:
    forever = "disablepasswordexpiration" in told.text("passwordPolicies").lower()
    return (AccountFlag.PASSWORD_NEVER_EXPIRES.value,) if forever else ()


def group_of(group: Mapping[str, Any], members: Iterable[str] = ()) -> DirectoryGroup:
    """One group of groups/delta with all its direct members."""
    told = Fields(group)
    if "@removed" in told:
        return DirectoryGroup(told.text("id"), "", deleted=True)
    ruling = told.switch("isAssignableToRole") is True
    return DirectoryGroup(
        key=told.text("id"),
        name=told.text("displayName"),
        description=told.text("description"),
        mail=told.text("mail").lower(),
        sid=told.text("onPremisesSecurityIdentifier"),
        members=tuple(members),
        sensitive=ruling,
        why_sensitive="administrator roles can be assigned to it" if ruling else "",
        created_at=told.moment("createdDateTime"),
    )


def file_of(item: Mapping[str, Any], *, owner: str, shares: Iterable[Share] = ()) -> OwnedFile | None:
    """One item of a drive; None for the drive's root and for what is no file or folder."""
    told = Fields(item)
    key, gone = told.text("id"), "deleted" in told
    if not key or "root" in told or not (gone or "file" in told or "folder" in told or "package" in told):
        return None
    if gone:
        return OwnedFile(key, "OneDrive", told.text("name"), "", owner, deleted=True)
    path = told.part("parentReference").text("path").partition("root:")[2]
    return OwnedFile(
        key=key,
        provider="OneDrive",
        name=told.text("name"),
        path=f"{path}/{told.text('name')}",
        owner=owner,
        url=told.text("webUrl"),
        folder="folder" in told,
        size=max(told.whole("size") or 0, 0),
        sha256=told.part("file").part("hashes").text("sha256Hash").lower(),
        created_at=told.moment("createdDateTime"),
        changed_at=told.moment("lastModifiedDateTime"),
        version=told.text("cTag")[:100],
        changed_by=told.part("lastModifiedBy").part("user").text("email", "displayName"),
        shares=tuple(shares),
    )


def share_of(permission: Mapping[str, Any], *, owner: str) -> list[Share]:
    """One permission as rights: a link is one right for its scope, or one for each person it was made for."""
    told = Fields(permission)
    roles = [one.lower() for one in _texts(permission.get("roles"))]
    if "owner" in roles:
        return []
    link, right = told.part("link"), "write" if {"write", "sp.full control"} & set(roles) else "read"
    ends = told.moment("expirationDateTime")
    scope = link.text("scope")
    if scope in {"anonymous", "organization"}:
        whom = "anyone" if scope == "anonymous" else "organisation"
        return [Share(whom, "write" if link.text("type") == "edit" else right, link=True, expires_at=ends)]
    people = told.parts("grantedToIdentitiesV2", "grantedToIdentities") or told.parts("grantedToV2", "grantedTo")
    found = [(name, group) for name, group in map(_whom, people) if name and name != owner]
    return [Share(name, right, link=bool(scope), group=group, expires_at=ends) for name, group in found]


def _whom(granted: Fields) -> tuple[str, bool]:
    for kind in ("user", "siteUser", "group", "siteGroup"):
        one = granted.part(kind)
        if name := one.text("email", "loginName", "displayName"):
            return name.rsplit("|", 1)[-1].lower() if "@" in name else name, "group" in kind.lower()
    return "", False
