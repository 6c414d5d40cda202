"""From late verdicts to what they mean for each mailbox. Reads the lake, changes nothing; the settings page uses it too."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from watchfloor.connectors.contracts import Folder, Target
from watchfloor.connectors.selectors import mailbox_actions
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, LateVerdict, Operator, Query
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import Row
from watchfloor.response.freezing import NO_MESSAGE_ID
from watchfloor.response.models import ZeroHourDecision
from watchfloor.response.places import SEEN
from watchfloor.response.targets import row_of
from watchfloor.response.zero_hour import WINDOW, Plan, Policy, Rule, Threat, What, threat_of
from watchfloor.response.zero_hour_kept import Kept

AT_ONCE = 200
OURS = frozenset({Folder.INBOX, Folder.JUNK, Folder.UNKNOWN})
"""Where a purge looks; what people put elsewhere themselves is theirs."""
TOO_OLD = "it was delivered more than 48 hours before, or is no longer known"
Mail = list[dict[str, Any]]
Moment = Callable[[LateVerdict], datetime]


def plans(verdicts: Sequence[LateVerdict], *, policy: Policy, at: Moment, afresh: bool = False) -> list[Plan]:
    """What the policy makes of these verdicts: one plan per mail, by its newest verdict; none where the policy is off.

    `at` is the moment the 48 hours are held against: now, or for a look back the moment of the verdict; `afresh` forgets what
    earlier verdicts led to.
    """
    newest = {verdict.network_message_id: verdict for verdict in verdicts}
    wanted = [plan for verdict in newest.values() if (plan := _asked_for(verdict, policy))]
    found: list[Plan] = []
    for start in range(0, len(wanted), AT_ONCE):
        found += _chunk(wanted[start : start + AT_ONCE], policy, at, afresh)
    return found


def unread_only(found: Iterable[Plan]) -> list[Plan]:
    """ZP-02: of spam, only copies that nobody has read. Asks the mailboxes, for all plans at once."""
    planned = list(found)
    spam = {row: id for plan in planned if plan.threat is Threat.SPAM for row, id in plan.aimed.items()}
    if not spam:
        return planned
    read = _read_already(spam)
    return [_without(plan, read) if plan.threat is Threat.SPAM else plan for plan in planned]


def _asked_for(verdict: LateVerdict, policy: Policy) -> Plan | None:
    threat = threat_of(verdict)
    rule = policy.rules.get(threat, Rule()) if threat else Rule()
    return Plan(verdict, threat, rule) if threat and rule.what is not What.OFF else None


def _chunk(wanted: Sequence[Plan], policy: Policy, at: Moment, afresh: bool) -> Iterator[Plan]:
    ids = [plan.verdict.network_message_id for plan in wanted]
    mails, spared = _mails(wanted, at), _spared(wanted)
    done = {} if afresh else _aimed_before(ids)
    kept = Kept(row for rows in mails.values() for row in rows)
    for plan in wanted:
        id = plan.verdict.network_message_id
        rows = [row for row in mails.get(id, ()) if at(plan.verdict) - row["Timestamp"] <= WINDOW]
        if why := spared.get(id) or ("" if rows else TOO_OLD):
            yield replace(plan, why=why)
        else:
            yield _judged(plan, rows, policy, done, kept)


def _mails(wanted: Sequence[Plan], at: Moment) -> dict[str, Mail]:
    """Their rows of the last 48 hours, by mail."""
    moments = [at(plan.verdict) for plan in wanted]
    ids = tuple(sorted({plan.verdict.network_message_id for plan in wanted}))
    within = (Condition("NetworkMessageId", Operator.EQUAL_ANY, ids),)
    # A day more: a mail's date is our border's, and a verdict may come in the same second.
    query = Query("EmailEvents", min(moments) - WINDOW, max(moments) + timedelta(days=1), within)
    mails: dict[str, Mail] = defaultdict(list)
    for row in lake.all_rows(query, limit=200_000):
        mails[row["NetworkMessageId"]].append(row)
    return mails


def _spared(wanted: Sequence[Plan]) -> dict[str, str]:
    """ZP-04: mails that somebody's decision keeps, with that reason. No allow entry keeps malware."""
    ids = [plan.verdict.network_message_id for plan in wanted]
    said: dict[str, LateVerdict] = {
        one.network_message_id: one for one in lake.late_verdicts_on(ids) if one.source == "person"
    }
    spared = {id: one.words for id, one in said.items() if threat_of(one) is None}
    for id, summary in lake.inspections_of(plan.verdict.network_message_id for plan in wanted).items():
        if entry := (summary.get("verdict") or {}).get("allowed"):
            spared.setdefault(id, f"the organisation's allow entry {entry} covers it")
    malware = {plan.verdict.network_message_id for plan in wanted if plan.threat is Threat.MALWARE}
    return {id: why for id, why in spared.items() if id not in malware or id in said}


def _aimed_before(ids: Sequence[str]) -> dict[tuple[Row, str], str]:
    """(copy, action) that an earlier verdict aimed at already, with the name of what it led to."""
    before = ZeroHourDecision.objects.filter(network_message_id__in=ids, aimed__gt=0).select_related("remediation")
    return {
        (row, one.remediation.action): one.remediation.name
        for one in before
        if one.remediation
        for row in one.remediation.targets.rows
        if row.network_message_id == one.network_message_id
    }


def _judged(plan: Plan, rows: Mail, policy: Policy, done: Mapping[tuple[Row, str], str], kept: Kept) -> Plan:
    aimed: dict[Row, str] = {}
    left: list[tuple[str, str]] = []
    for row in rows:
        name = row_of(row)
        before = done.get((name, plan.rule.action))
        if (
            why := f"“{before}” dealt with it"
            if before
            else _why_not(row, name, plan, policy) or kept.why(row, plan.threat)
        ):
            left.append((name.recipient, why))
        else:
            aimed[name] = row["InternetMessageId"]
    return replace(plan, aimed=aimed, left=tuple(left))


def _why_not(row: Mapping[str, Any], name: Row, plan: Plan, policy: Policy) -> str:
    if name.recipient in policy.untouched:
        return "it is a mailbox of the security team"
    location = row["LatestDeliveryLocation"] or Folder.UNKNOWN.value
    if why := action_of(plan.rule.action).why_not(location):
        return why
    if location not in {folder.value for folder in OURS}:
        return f"it lies in {location}"
    return "" if row["InternetMessageId"] else NO_MESSAGE_ID


def _read_already(copies: Mapping[Row, str]) -> dict[Row, str]:
    """Copies that are left alone because somebody read them, or because nobody can tell, with that reason."""
    targets = {Target(row.recipient, id): row for row, id in copies.items()}
    read: dict[Row, str] = {}
    try:
        for target, found in mailbox_actions().find(list(targets)):
            for copy in found:
                if copy.why:
                    read[targets[target]] = f"nobody can tell whether it was read: {copy.why}"
                elif SEEN in {flag.lower() for flag in copy.flags}:
                    read[targets[target]] = "it was read already"
    except WatchfloorError as error:
        return dict.fromkeys(copies, f"nobody can tell whether it was read: {error.message}")
    return read


def _without(plan: Plan, read: Mapping[Row, str]) -> Plan:
    aimed = {row: id for row, id in plan.aimed.items() if row not in read}
    left = tuple((row.recipient, read[row]) for row in plan.aimed if row in read)
    return replace(plan, aimed=aimed, left=(*plan.left, *left))
