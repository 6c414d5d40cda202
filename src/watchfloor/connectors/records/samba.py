"""Samba's JSON audit logs: sign-ins at a domain controller or file server, changes of accounts, passwords and groups.

Sign-ins (log class auth_json_audit) become rows of IdentityLogonEvents; changes (dsdb_json_audit, dsdb_password_json_audit,
dsdb_group_json_audit) rows of IdentityDirectoryEvents. Shape: https://wiki.samba.org/index.php/Setting_up_Audit_Logging
"""

import re
from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.activities import Activity
from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.records.known_by import fingerprint
from watchfloor.connectors.records.source import Row, Source
from watchfloor.kernel.errors import BadInput

APPLICATION = "Active Directory"
REASONS = {
    "NT_STATUS_NO_SUCH_USER": "UserNotFound",
    "NT_STATUS_WRONG_PASSWORD": "WrongPassword",
    "NT_STATUS_LOGON_FAILURE": "WrongUsernameOrPassword",
    "NT_STATUS_INVALID_LOGON_HOURS": "OutsideLogonHours",
    "NT_STATUS_INVALID_WORKSTATION": "WorkstationRestriction",
    "NT_STATUS_PASSWORD_EXPIRED": "PasswordExpired",
    "NT_STATUS_PASSWORD_MUST_CHANGE": "PasswordMustChange",
    "NT_STATUS_ACCOUNT_DISABLED": "AccountDisabled",
    "NT_STATUS_ACCOUNT_EXPIRED": "AccountExpired",
    "NT_STATUS_ACCOUNT_LOCKED_OUT": "AccountLocked",
    "NT_STATUS_LOGON_TYPE_NOT_GRANTED": "LogonTypeNotGranted",
    "NT_STATUS_TIME_DIFFERENCE_AT_DC": "ClockSkew",
}
"""In the words that Windows' own records of the same get here."""
DISABLED = 0x2
QUIET = {"lastlogontimestamp", "lastlogon", "logoncount", "badpwdcount", "badpasswordtime", "unicodepwd", "member"}
"""Attributes whose change is no news: the controller's own bookkeeping, and what another record of the same change tells."""
REFUSED = "Directory change refused"
LONGEST_LIST = 50
_ADDRESS = re.compile(r"ipv[46]:(.+):(\d+)")
_GUARDED = re.compile(r"(?:<[^>]*>;)*")


def sniff(record: Mapping[str, Any]) -> bool:
    kind = record.get("type") if isinstance(record, Mapping) else None
    return isinstance(kind, str) and kind in _READ and isinstance(record.get(kind), Mapping)


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """The row of this record, none for kinds that tell no sign-in and no change. Raises BadInput for one without a time."""
    kind = record.get("type")
    said = record.get(kind) if isinstance(kind, str) else None
    if kind not in _READ:
        return ()
    if not isinstance(said, Mapping):
        raise BadInput("it has no member of its own type's name", place="type")
    return _READ[kind](record, Fields(said))


def _sign_in(record: Mapping[str, Any], said: Fields) -> tuple[Row, ...]:
    status = said.text("status")
    well = status == "NT_STATUS_OK"
    given, how = said.text("clientAccount"), said.text("authDescription")
    more = {
        "Status": status,
        "EventID": said.text("eventId"),
        "Service": said.text("serviceDescription"),
        "Mechanism": how,
        "PasswordType": said.text("passwordType"),
        "NameGiven": given,
        "LogonId": said.text("logonId") if said.text("logonId") != "0" else "",
        "AskedBy": said.text("netlogonComputer"),
    }
    row = _common(record, said, more) | {
        "ActionType": "LogonSuccess" if well else "LogonFailed",
        "LogonType": _kind(said),
        "Protocol": _protocol(said),
        "FailureReason": "" if well else REASONS.get(status, status.removeprefix("NT_STATUS_")),
        "AccountName": said.text("becameAccount", "mappedAccount") or given.partition("@")[0].rpartition("\\")[2],
        "AccountDomain": said.text("becameDomain", "mappedDomain", "clientDomain"),
        "AccountUpn": given.lower() if "@" in given else "",
        "AccountSid": said.text("becameSid"),
        # A simple bind names no computer, and Samba writes the controller's own in its place.
        "DeviceName": said.text("workstation").strip("\\") if not how.startswith("simple bind") else "",
    }
    row["DestinationIPAddress"], row["DestinationPort"] = _address(said.text("localAddress"))
    return (("IdentityLogonEvents", row),)


def _session(record: Mapping[str, Any], said: Fields) -> tuple[Row, ...]:
    """A session opened with a Kerberos ticket; those opened with a password have a record of their sign-in already."""
    if said.text("authType").lower() != "krb5" or not said.text("account"):
        return ()
    more = {"Service": said.text("serviceDescription"), "SessionId": said.text("sessionId")}
    row = _common(record, said, more) | {
        "ActionType": "LogonSuccess",
        "LogonType": "Resource access",
        "Protocol": "Kerberos",
        "AccountName": said.text("account"),
        "AccountDomain": said.text("domain"),
        "AccountSid": said.text("sid"),
        "TargetDeviceName": said.text("logonServer"),
    }
    row["DestinationIPAddress"], row["DestinationPort"] = _address(said.text("localAddress"))
    return (("IdentityLogonEvents", row),)


def _changed(record: Mapping[str, Any], said: Fields) -> tuple[Row, ...]:
    told = said.value("attributes")
    attributes = {
        str(name).lower(): Fields(one)
        for name, one in (told.items() if isinstance(told, Mapping) else ())
        if isinstance(one, Mapping)
    }
    operation = said.text("operation")
    news = {name: _values(one) for name, one in attributes.items() if name not in QUIET}
    if operation == "Modify" and not news:
        return ()
    action, activity = _named(operation, news)
    more = {
        "Operation": operation,
        "Attributes": sorted(attributes),
        **{f"TO.{name}": ", ".join(v) for name, v in news.items()},
    }
    return _directory(record, said, said.text("dn"), action, activity, more)


def _named(operation: str, news: Mapping[str, tuple[str, ...]]) -> tuple[str, Activity]:
    """What a change is called, as Windows calls it."""
    what = "Group" if "group" in news.get("objectclass", ()) else "Account"
    if operation == "Add":
        known = {"user", "group", "inetorgperson"} & set(news.get("objectclass", ()))
        return (f"{what} created" if known else "Directory object created"), Activity.ACCOUNT
    if operation == "Delete":
        return "Directory object deleted", Activity.ACCOUNT
    control = next(iter(news.get("useraccountcontrol", ())), "")
    if control.isdigit() and int(control) & DISABLED:
        return "Account disabled", Activity.ACCOUNT
    if news.get("lockouttime") == ("0",):
        return "Account unlocked", Activity.ACCOUNT
    return "Account changed", Activity.ACCOUNT


def _password(record: Mapping[str, Any], said: Fields) -> tuple[Row, ...]:
    action = "Account Password reset" if said.text("action") == "Reset" else "Account Password changed"
    return _directory(record, said, said.text("dn"), action, Activity.PASSWORD, {"EventID": said.text("eventId")})


def _group(record: Mapping[str, Any], said: Fields) -> tuple[Row, ...]:
    group, member, how = said.text("group"), said.text("user"), said.text("action")
    # Samba also says of each new account that it was added to itself, and of each deleted group that looking at it failed.
    if how not in ("Added", "Removed", "PrimaryGroup") or group == member or not member:
        return ()
    if how == "PrimaryGroup" and _first(group) in ("Domain Users", "Domain Guests"):
        return ()
    more = {
        "FROM.GROUP" if how == "Removed" else "TO.GROUP": _first(group),
        "GroupDistinguishedName": group,
        "EventID": said.text("eventId"),
        "PrimaryGroup": "true" if how == "PrimaryGroup" else "",
    }
    return _directory(record, said, member, "Group Membership changed", Activity.GROUP, more)


def _directory(
    record: Mapping[str, Any], said: Fields, dn: str, action: str, activity: Activity, more: Mapping[str, Any]
) -> tuple[Row, ...]:
    """A row about the entry `dn`. Who did it is known by SID only; nobody else than the controller acts as S-1-5-18."""
    done = said.text("status") in ("Success", "")
    row = _common(
        record,
        said,
        {
            "ActivityType": activity.value,
            "TargetDistinguishedName": dn,
            "Status": "" if done else said.text("status"),
            "Attempted": "" if done else action,
            "SessionId": said.text("sessionId"),
            **more,
        },
    ) | {
        "ActionType": action if done else REFUSED,
        "AccountSid": said.text("userSid"),
        "AccountName": "SYSTEM" if said.text("userSid") == "S-1-5-18" else "",
        "TargetAccountDisplayName": _first(dn),
    }
    return (("IdentityDirectoryEvents", row),)


def _common(record: Mapping[str, Any], said: Fields, more: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "Timestamp": Fields(record).time("timestamp"),
        "Application": APPLICATION,
        "ReportId": fingerprint({name: record.get(name) for name in ("timestamp", "type", str(record.get("type")))}),
        "AdditionalFields": {name: value for name, value in more.items() if value},
    }
    row["IPAddress"], row["Port"] = _address(said.text("remoteAddress"))
    return row


def _kind(said: Fields) -> str:
    if said.text("authDescription") == "simple bind" and said.text("serviceDescription") == "LDAP":
        return "LDAP cleartext"
    if _protocol(said) == "Kerberos":
        return "Kerberos sign-in"
    return "Interactive" if said.whole("logonType") == 2 else "Credentials validation"


def _protocol(said: Fields) -> str:
    if said.text("serviceDescription").startswith("Kerberos"):
        return "Kerberos"
    return "Ntlm" if said.text("passwordType").startswith("NTLM") else said.text("serviceDescription")


def _values(one: Fields) -> tuple[str, ...]:
    """The values of all actions on one attribute; a password says only that it was changed."""
    found = []
    for action in one.parts("actions"):
        found += (
            ["(hidden)"] if action.switch("redacted") else [value.text("value") for value in action.parts("values")]
        )
    return tuple(_GUARDED.sub("", value, count=1)[:500] for value in found[:LONGEST_LIST])


def _address(text: str) -> tuple[str, int | None]:
    found = _ADDRESS.fullmatch(text)
    if not found:
        return "", None
    return Fields({"ip": found[1]}).address("ip"), int(found[2])


def _first(dn: str) -> str:
    """The name in a distinguished name, without its escapes."""
    first = re.match(r"[^=]+=((?:\\.|[^,\\])*)", _GUARDED.sub("", dn, count=1))
    return re.sub(r"\\([0-9A-Fa-f]{2}|.)", _unescaped, first[1]) if first else dn


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if len(found[1]) == 2 else found[1]


_READ = {
    "Authentication": _sign_in,
    "Authorization": _session,
    "dsdbChange": _changed,
    "passwordChange": _password,
    "groupChange": _group,
}
SOURCE = Source("samba", "Samba audit log (JSON)", parse, sniff)
