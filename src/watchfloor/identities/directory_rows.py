"""What directories told, as rows of IdentityInfo (who people are, as of when) and IdentityDirectoryEvents (what changed)."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from watchfloor.connectors.contracts import Account as Said
from watchfloor.identities.contracts import PRIORITY
from watchfloor.identities.directory_changes import Change
from watchfloor.identities.models import Account, DirectoryPerson, Membership
from watchfloor.kernel.ids import uuid7
from watchfloor.lake.services import append
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

AT_ONCE = 2000
SNAPSHOT = "identities.snapshot"
DAY = 10**11
"""A day's place in the cursor of the daily snapshot: ordinal of the day x DAY + the last account written."""
CLOUD = frozenset({"EntraID", "Okta", "GoogleWorkspace"})
TOLD = ("manager", "tags", "privileged", "risk__level", "risk__state", "risk__score")
"""What a snapshot of an account says of its person."""
ON_PREMISES = frozenset({"ActiveDirectory", "OpenLDAP"})
APPLICATIONS = {
    "ActiveDirectory": "Active Directory",
    "EntraID": "Microsoft Entra ID",
    "GoogleWorkspace": "Google Workspace",
}


def write_rows(accounts: Iterable[int], changes: Sequence[Change], *, now: datetime) -> None:
    """Append a snapshot of each account and a row per change, in the caller's transaction."""
    numbers = sorted(set(accounts))
    for n in range(0, len(numbers), AT_ONCE):
        append("IdentityInfo", snapshots(numbers[n : n + AT_ONCE], now=now))
    append("IdentityDirectoryEvents", event_rows(changes))


def snapshot_all(*, now: datetime) -> int:
    """Write the next accounts of today's snapshot of everybody; returns how many, 0 once the day's is whole.

    Each day has one, so that a question about any day finds every account within 24 hours.
    """
    today = now.date().toordinal() * DAY
    last = max(cursor_position(SNAPSHOT) - today, 0)
    if last >= DAY - 1:
        return 0
    numbers = list(Account.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    append("IdentityInfo", snapshots(numbers, now=now))
    move_cursor(SNAPSHOT, position=today + (numbers[-1] if numbers else DAY - 1))
    return len(numbers)


def snapshots(numbers: Sequence[int], *, now: datetime) -> list[dict[str, Any]]:
    """A row of IdentityInfo for each of these accounts. Four queries."""
    rows = list(Account.objects.filter(pk__in=numbers).order_by("pk"))
    groups: dict[int, list[str]] = defaultdict(list)
    for account, name in Membership.objects.filter(account__in=numbers, group__deleted_at__isnull=True).values_list(
        "account_id", "group__name"
    ):
        groups[account].append(name)
    people = {row.person_id for row in rows if row.person_id is not None}
    providers: dict[int, set[str]] = defaultdict(set)
    known = Account.objects.filter(person__in=people, deleted_at__isnull=True)
    for person, provider in known.values_list("person_id", "provider"):
        providers[person or 0].add(provider)
    told = {one["pk"]: one for one in DirectoryPerson.objects.filter(pk__in=people).values("pk", *TOLD)}
    return [
        _snapshot(row, told.get(row.person_id or 0), groups[row.pk], providers[row.person_id or 0], now) for row in rows
    ]


def _snapshot(
    row: Account, person: dict[str, Any] | None, groups: Sequence[str], providers: set[str], now: datetime
) -> dict[str, Any]:
    said = Said.from_json(row.facts)
    here = row.provider in ON_PREMISES
    values: dict[str, Any] = {
        "Timestamp": now,
        "ReportId": str(uuid7(at=now)),
        "AccountObjectId": row.key,
        "OnPremObjectId": row.key if here else "",
        "AccountUpn": row.upn or row.mail,
        "OnPremSid": row.sid if here else said.facts.get("onPremisesSecurityIdentifier", ""),
        "CloudSid": "" if here else row.sid,
        "AccountDisplayName": row.display_name,
        "AccountName": row.name or row.upn.partition("@")[0],
        "AccountDomain": said.domain or row.upn.partition("@")[2],
        "Type": "ServiceAccount" if said.service else "User",
        "DistinguishedName": row.dn,
        "GivenName": said.given_name,
        "Surname": said.surname,
        "Department": said.department,
        "JobTitle": said.title,
        "EmailAddress": row.mail,
        "City": said.city,
        "Country": said.country,
        "IsAccountEnabled": row.enabled and row.deleted_at is None,
        "Manager": person["manager"] if person else "",
        "Phone": said.phone,
        "CreatedDateTime": row.created_at,
        "DeletedDateTime": row.deleted_at,
        "ChangeSource": row.provider,
        "CompanyName": said.company,
        "EmployeeId": said.employee_id,
        "OtherMailAddresses": _json(said.other_mails),
        "Tags": _json(person["tags"] if person else ()),
        "AssignedRoles": _json(row.roles),
        "SourceSystem": row.source,
        "TenantMembershipType": "Guest" if said.guest else "Member",
        "UserAccountControl": ", ".join(row.flags),
        "IdentityEnvironment": _environment(providers or {row.provider}),
        "SourceProviders": _json(sorted(providers or {row.provider})),
        "GroupMembership": _json(sorted(groups)),
    }
    if person is not None:
        values |= {"BlastRadius": "High" if person["privileged"] else "Low", "CriticalityLevel": _critical(person)}
    if person is not None and person["risk__level"] is not None:
        level, state, score = (person[f"risk__{name}"] for name in ("level", "state", "score"))
        values |= {"RiskLevel": level, "RiskStatus": state, "RiskLevelDetails": f"score {score:.0f}"}
    return values


def _critical(person: dict[str, Any]) -> int:
    if person["privileged"]:
        return 0
    return 1 if {PRIORITY, "VIP"} & set(person["tags"]) else 3


def _environment(providers: set[str]) -> str:
    if providers & CLOUD:
        return "Hybrid" if providers & ON_PREMISES else "CloudOnly"
    return "OnPremises"


def _json(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def event_rows(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """A row of IdentityDirectoryEvents for each change. Who did it the directory does not say, so only the target is named."""
    names = {change.account for change in changes}
    rows: dict[tuple[str, str], Account] = {}
    for source in {source for source, _ in names}:
        keys = sorted(key for one, key in names if one == source)
        for n in range(0, len(keys), AT_ONCE):
            found = Account.objects.filter(source=source, key__in=keys[n : n + AT_ONCE]).select_related("person")
            rows |= {(source, row.key): row for row in found}
    return [_event(change, rows[change.account]) for change in changes if change.account in rows]


def _event(change: Change, row: Account) -> dict[str, Any]:
    more = {
        "ActivityType": "Account changed",
        "Before": change.before,
        "After": change.after,
        "TargetAccountObjectId": row.key,
        "TargetAccountSid": row.sid,
        "TargetAccountName": row.name,
        "SourceSystem": row.source,
    } | change.more
    return {
        "Timestamp": change.at,
        "ActionType": change.action,
        "Application": APPLICATIONS.get(row.provider, row.provider),
        "TargetAccountUpn": row.upn or row.mail or (row.person.address if row.person else row.name),
        "TargetAccountDisplayName": row.display_name,
        "ReportId": str(uuid7(at=change.at)),
        "AdditionalFields": json.dumps(more, ensure_ascii=False),
    }
