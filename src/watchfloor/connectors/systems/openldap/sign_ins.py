"""Sign-ins as a directory's password policy remembers them: the last good one, and each failure since.

Of several good sign-ins between two looks only the last is seen, and failures before it are forgotten by slapd itself; whoever
needs each of them reads slapd's log.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watchfloor.connectors.contracts import Account
from watchfloor.connectors.protocols.ldap_server import LdapServer
from watchfloor.connectors.systems.openldap.stamps import Stamp, micros, moment_of

APPLICATION = "OpenLDAP"
LIKELY = "Wrong password"
"""ppolicy notes a time when a password is wrong, and nothing when the account is locked."""


def sign_ins(
    accounts: Mapping[str, Account],
    *,
    before: Mapping[str, Stamp],
    now: Mapping[str, Stamp],
    failures: Mapping[str, list[datetime]],
    server: LdapServer,
) -> list[dict[str, Any]]:
    """Rows of IdentityLogonEvents for what is later than at the look before; none for an account seen for the first time."""
    rows = []
    for key, account in accounts.items():
        old, new = before.get(key), now[key]
        if old is None:
            continue
        failed = [moment for moment in failures.get(key, ()) if micros(moment) > old.failed]
        rows += [_row(account, "LogonFailed", moment, server) for moment in failed]
        if new.signed_in > old.signed_in:
            rows.append(_row(account, "LogonSuccess", moment_of(new.signed_in), server))
    return rows


def moved(old: Stamp | None, new: Stamp) -> bool:
    """Whether there was a sign-in, good or not, since the look before."""
    return old is not None and (new.signed_in > old.signed_in or new.failed > old.failed)


def _row(account: Account, action: str, at: datetime, server: LdapServer) -> dict[str, Any]:
    failed = action == "LogonFailed"
    return {
        "Timestamp": at,
        "ActionType": action,
        "Application": APPLICATION,
        "LogonType": "LDAP bind",
        "Protocol": "LDAP",
        "FailureReason": LIKELY if failed else "",
        "AccountName": account.name,
        "AccountDomain": account.domain,
        "AccountUpn": account.upn or account.mail,
        "AccountObjectId": account.key,
        "AccountDisplayName": account.display_name,
        "DestinationDeviceName": server.host,
        "DestinationPort": server.port,
        "ReportId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{server.place} {account.key} {action} {micros(at)}")),
        "AdditionalFields": {
            "DistinguishedName": account.dn,
            "SeenIn": "pwdFailureTime" if failed else "authTimestamp",
        },
    }
