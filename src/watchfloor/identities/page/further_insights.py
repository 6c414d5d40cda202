"""The rest of the questions of US-29: resources, sign-in results, cleared logs, behaviour, lists and threat indicators.

Subscription permissions are not among them: no connected system tells of Azure's subscriptions.
"""

from collections.abc import Iterator

from watchfloor.access.contracts import Permission
from watchfloor.identities.page import kql
from watchfloor.identities.page.known import Known
from watchfloor.identities.page.sources import cloud_activities, device_logons
from watchfloor.intelligence.selectors import tenant_facts
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake.selectors import list_states

Question = tuple[str, str, str]
RECENT = "Timestamp > ago(30d)"
MOST_LISTS = 20
MOST_ADDRESSES = 500


def further_questions(known: Known) -> Iterator[Question]:
    """(title, what it shows, query) of each that the person's names allow and this actor may ask."""
    if mine := cloud_activities.where(known.names):
        objects = f'CloudAppEvents\n| where {RECENT}\n| where {mine} and ObjectName != ""'
        per = "| summarize Times = count(), First = min(Timestamp), Last = max(Timestamp) by ObjectName, ObjectType, Application"
        yield "Resource access", "What they opened or changed in 30 days", f"{objects}\n{per}\n| sort by Times desc"
    if addresses := known.names.addresses:
        by = kql.one_of("AccountUpn", addresses)
        yield _new_results(by)
        yield (
            "Behaviour analytics",
            "Unusual behaviour that sources reported in 30 days",
            f"BehaviorInfo\n| where {RECENT}\n| where {by}\n| sort by Timestamp desc",
        )
        if known.actor.may(Permission.SETTINGS_READ):  # its query spells out what the organisation's lists hold
            yield from _indicators(known, by)
    if (mine := device_logons.where(known.names)) and known.actor.may(Permission.INCIDENT_READ):
        cleared = f'DeviceEvents\n| where {RECENT}\n| where ActionType == "SecurityLogCleared" and {mine}'
        yield (
            "Event logs cleared",
            "Windows security logs they emptied in 30 days",
            f"{cleared}\n| sort by Timestamp desc",
        )
    yield from _lists(known)


def _new_results(by: str) -> Question:
    """Results that were never seen of this person in the three weeks before the last."""
    entra = f"(EntraIdSignInEvents | where {RECENT} | where {by} | project Timestamp, Result = iff(ErrorCode == 0, \"Success\", tostring(ErrorCode)), Application)"  # fmt: skip
    logons = f"(IdentityLogonEvents | where {RECENT} | where {by} | project Timestamp, Result = iff(ActionType == \"LogonFailed\", FailureReason, \"Success\"), Application)"  # fmt: skip
    per = "| summarize Times = count(), First = min(Timestamp) by Result, Application\n| where First > ago(7d)\n| sort by First desc"
    return "Anomalous sign-in results", "Results first seen in the last 7 days", f"union {entra},\n  {logons}\n{per}"


def _indicators(known: Known, by: str) -> Iterator[Question]:
    """Sign-ins from addresses, and clicks on hosts, that the block list or a threat feed names."""
    facts = tenant_facts()
    bad = sorted((facts.blocked | facts.indicators.keys()) - facts.allowed)
    addresses = [one.removeprefix("ip:") for one in bad if one.startswith("ip:") and "/" not in one]
    hosts = [one.removeprefix("domain:") for one in bad if one.startswith("domain:")]
    met = _met(
        known, f"IPAddress in ({', '.join(map(kql.text, addresses[:MOST_ADDRESSES]))})" if addresses else "false", by
    )
    clicked = f"UrlDomain in ({', '.join(map(kql.text, hosts[:MOST_ADDRESSES]))})" if hosts else "false"
    query = (
        f"union {met},\n  (UrlClickEvents | where {RECENT} | where {by} and {clicked} | project Timestamp, What = Url)"
    )
    yield (
        "Threat indicators",
        "Listed addresses they signed in from, and listed domains they went to",
        f"{query}\n| sort by Timestamp desc",
    )


def _met(known: Known, condition: str, by: str) -> str:
    one = "where {recent} | where {by} and {condition} | project Timestamp, What = IPAddress"
    told = one.format(recent=RECENT, by=by, condition=condition)
    return f"(IdentityLogonEvents | {told}),\n  (EntraIdSignInEvents | {told})"


def _lists(known: Known) -> Iterator[Question]:
    """Each uploaded list that names the person in its first column."""
    names = [one.lower() for one in known.every_name]
    for one in list_states()[:MOST_LISTS] if names else ():
        query = f"_GetWatchlist({kql.text(one.alias)})\n| where {kql.some_case_of('SearchKey', names)}"
        try:
            if known.asked(f"{query}\n| take 1", limit=1):
                yield f"On the list {one.alias}", f"Rows of the list that {one.uploaded_by} uploaded", query
        except WatchfloorError:
            continue
