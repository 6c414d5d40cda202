"""Questions an analyst asks of every account (US-29), each with its number of answers and its query to go on with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from watchfloor.access.contracts import Permission
from watchfloor.identities.page import kql
from watchfloor.identities.page.further_insights import further_questions
from watchfloor.identities.page.known import Known
from watchfloor.identities.page.sources import cloud_activities, device_logons
from watchfloor.kernel.errors import WatchfloorError

RECENT = "Timestamp > ago(30d)"
NEW = "| where First > ago(7d) | sort by First desc"


@dataclass(frozen=True, slots=True)
class Insight:
    """One question; `found` is the number of its answers, None when it could not be asked."""

    title: str
    says: str
    query: str
    found: int | None = None

    @property
    def href(self) -> str:
        return f"/hunting?{urlencode({'query': self.query, 'run': '1'})}"


def insights(known: Known) -> Mapping[str, Any]:
    """The questions that the person's names allow, asked now."""
    questions = [*_questions(known), *further_questions(known)]
    asked = [Insight(title, says, query, _found(known, query)) for title, says, query in questions]
    return {"insights": asked, "may_hunt": known.actor.may(Permission.EMAIL_METADATA_READ)}


def _found(known: Known, query: str) -> int | None:
    try:
        (row,) = known.asked(f"{query}\n| count", limit=1)
        return int(row["Count"])
    except WatchfloorError:
        return None


def _questions(known: Known) -> Iterator[tuple[str, str, str]]:
    addresses = known.names.addresses
    if known.person.department:
        same = f"Department == {kql.text(known.person.department)}"
        peers = (
            f"IdentityInfo\n| where {same}\n| summarize arg_max(Timestamp, JobTitle, Manager, RiskLevel) by AccountUpn"
        )
        yield "Peers", "People of the same department", peers
    if mine := cloud_activities.where(known.names):
        cloud = f"CloudAppEvents\n| where {RECENT}\n| where {mine}"
        per = "| summarize Times = count(), First = min(Timestamp), Last = max(Timestamp) by ActionType, Application"
        yield "Actions by the account", "Kinds of activity in 30 days", f"{cloud}\n{per}\n| sort by Times desc"
        yield "Unusual operations", "Kinds of activity first seen in the last 7 days", f"{cloud}\n{per}\n{NEW}"
    if addresses:
        yield from _by_address(kql.one_of("AccountUpn", addresses), kql.one_of("TargetAccountUpn", addresses))
    if (mine := device_logons.where(known.names)) and known.actor.may(Permission.INCIDENT_READ):
        first = "| summarize Times = count(), First = min(Timestamp) by DeviceName"
        yield (
            "New devices",
            "Devices first signed in to in the last 7 days",
            f"DeviceLogonEvents\n| where {RECENT}\n| where {mine}\n{first}\n{NEW}",
        )


def _by_address(by: str, on: str) -> Iterator[tuple[str, str, str]]:
    changes = f"IdentityDirectoryEvents\n| where {RECENT}\n| where {on}"
    yield (
        "Actions on the account",
        "Changes others made to it in 30 days",
        f"{changes} and not({by})\n| sort by Timestamp desc",
    )
    groups = '| where ActionType contains "group" or ActionType contains "role"\n| sort by Timestamp desc'
    yield "Group additions", "Groups and roles given or taken in 30 days", f"{changes}\n{groups}"
    entra = f'(EntraIdSignInEvents | where {RECENT} | where {by} and ErrorCode != 0 | project Timestamp, Result = tostring(ErrorCode), Application, IPAddress)'  # fmt: skip
    logons = f'(IdentityLogonEvents | where {RECENT} | where {by} and ActionType == "LogonFailed" | project Timestamp, Result = FailureReason, Application, IPAddress)'  # fmt: skip
    per = "| summarize Times = count(), Last = max(Timestamp) by Result, Application, IPAddress\n| sort by Times desc"
    yield "Failed sign-ins", "Results other than success in 30 days", f"union {entra},\n  {logons}\n{per}"
