"""URLs that turn malicious within 48 hours after somebody opened them (AI-10): an alert of its own, unless there is one already."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.detection.services import report_findings
from watchfloor.incidents import selectors as incidents
from watchfloor.investigations.case import hunted, quoted
from watchfloor.investigations.steps.clicks import LET_THROUGH
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import LateVerdict
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import every, move_cursor

READER = "investigations.turned"
RULE, AT_THE_CLICK = "url-verdict-change", "malicious-url-click"
TITLE = "URL found malicious after a user opened it"
BACK = timedelta(hours=48)
HARMFUL = frozenset({"Phish", "Malware"})
MOST = 200
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@every(3, name="investigations.turned")
def watch_verdicts() -> int:
    return tell_turned(now=utc_now())


def tell_turned(*, now: datetime, limit: int = MOST) -> int:
    """Raise an alert for each person who opened a link of mail condemned since; returns how many verdicts were read."""
    position = cursor_position(READER)
    verdicts = lake.late_verdicts_after(position, limit=limit)
    if not verdicts:
        return 0
    findings = list(_findings(verdicts, now=now))
    with transaction.atomic():
        if cursor_position(READER) != position:
            return 0  # another worker was faster; its findings stand
        report_findings(findings, now=now)
        move_cursor(READER, position=verdicts[-1].position)
    return len(verdicts)


def _findings(verdicts: Sequence[LateVerdict], *, now: datetime) -> Iterable[Finding]:
    newest = {one.network_message_id: one for one in verdicts}
    harmful = {mail: one for mail, one in newest.items() if HARMFUL & set(one.threat_types)}
    if not harmful:
        return
    paired = [(row, harmful[str(row["NetworkMessageId"])]) for row in _clicks(tuple(harmful), now=now)]
    due = [(row, verdict) for row, verdict in paired if verdict.at - BACK <= row["Timestamp"] <= verdict.at]
    told = _told([row for row, _ in due], now=now)
    for row, verdict in due:
        if told.get(_who(row), LONG_AGO) < row["Timestamp"]:
            yield _finding(row, verdict)


def _clicks(mails: tuple[str, ...], *, now: datetime) -> list[dict[str, Any]]:
    """Clicks that were let through, on links nobody held to be malicious, of mails without a threat at that time."""
    text = (
        f"UrlClickEvents\n| where Timestamp >= datetime({(now - 2 * BACK).isoformat()})\n"
        f"| where NetworkMessageId in ({quoted(mails)})\n"
        f"| where (ActionType in ({quoted(LET_THROUGH)}) or IsClickedThrough) and isempty(ThreatTypes)\n"
        "| project Timestamp, NetworkMessageId, Url, AccountUpn, IPAddress\n| sort by Timestamp asc"
    )
    return [row for row in hunted(text, now=now)[1] if row["AccountUpn"] and row["Url"]]


def _told(clicks: Sequence[Mapping[str, Any]], *, now: datetime) -> Mapping[str, datetime]:
    """Until when clicks of each of these people made alerts as they happened; one query."""
    if not clicks:
        return {}
    first = min(row["Timestamp"] for row in clicks)
    return incidents.last_named_by(AT_THE_CLICK, {_who(row) for row in clicks}, start=first - BACK, end=now + BACK)


def _who(row: Mapping[str, Any]) -> str:
    return str(row["AccountUpn"]).lower()


def _finding(row: Mapping[str, Any], verdict: LateVerdict) -> Finding:
    who, url, mail = _who(row), str(row["Url"]), str(row["NetworkMessageId"])
    evidence = (
        Evidence(EvidenceType.USER, who, role="compromised"),
        Evidence(EvidenceType.MAILBOX, who, role="compromised"),
        Evidence(EvidenceType.URL, url, role="source", verdict="malicious"),
        Evidence(EvidenceType.ANALYZED_MESSAGE, mail, role="source", verdict="malicious"),
    )
    return Finding(
        position=0,
        key=hashlib.sha256(f"turned|{who}|{url}|{mail}".encode()).hexdigest(),
        rule_id=RULE,
        title=TITLE,
        severity="high",
        category="CredentialAccess",
        description=f"{who} opened {url} at {row['Timestamp']:%Y-%m-%d %H:%M} UTC; the mail it came with was condemned later: {verdict.words}.",
        techniques=("T1204.001", "T1566.002"),
        first_activity=row["Timestamp"],
        last_activity=verdict.at,
        evidence=evidence,
        aggregation_key=f"{url}|{who}"[:200],
        explanation=(f"Verdict of {verdict.at:%Y-%m-%d %H:%M} UTC ({verdict.source}): {verdict.words}",),
    )
