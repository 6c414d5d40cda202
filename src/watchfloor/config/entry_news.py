"""What happens to allow and block entries becomes alerts (TB-07): the list lies below the slice that keeps findings."""

from collections.abc import Sequence
from hashlib import sha256

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.detection.services import report_findings
from watchfloor.intelligence.contracts import EntryNews, NewsKind

TITLES = {
    NewsKind.ENDING: "Tenant Allow/Block List entry is about to expire",
    NewsKind.REMOVED: "Removed an entry in Tenant Allow/Block List",
    NewsKind.LEARNED: "Removed an entry in Tenant Allow/Block List",
    NewsKind.FOUND_BAD: "A Tenant Allow/Block List entry has been found malicious",
    NewsKind.REVIEW: "Tenant Allow/Block List entry is due for review",
}
"""The names that the original gives these alerts, where it has them."""
SEVERITIES = {NewsKind.FOUND_BAD: "high", NewsKind.ENDING: "informational"}
TYPES = {
    "sender": EvidenceType.SENDER,
    "domain": EvidenceType.SENDER,
    "spoof": EvidenceType.SENDER,
    "url": EvidenceType.URL,
    "sha256": EvidenceType.FILE,
    "ip": EvidenceType.IP,
}


def raise_alerts(news: Sequence[EntryNews]) -> None:
    """A finding for each, once by its key; entries are one alert each."""
    findings = [_finding(one) for one in news]
    for one in findings:
        report_findings([one], now=one.last_activity)


def _finding(one: EntryNews) -> Finding:
    kind, _, value = one.entry.partition(" ")[2].partition(":")
    evidence = [Evidence(TYPES[kind], value, value, "contextual", "unknown")] if kind in TYPES else []
    if one.mail:
        evidence.append(Evidence(EvidenceType.ANALYZED_MESSAGE, one.mail, "", "source", "malicious"))
    return Finding(
        position=0,
        key=sha256(f"entry {one.key}".encode()).hexdigest(),
        rule_id=f"entry-{one.kind.value.replace(' ', '-')}",
        title=TITLES[one.kind],
        severity=SEVERITIES.get(one.kind, "low"),
        category="InitialAccess" if one.kind is NewsKind.FOUND_BAD else "SuspiciousActivity",
        description=one.words,
        techniques=(),
        first_activity=one.at,
        last_activity=one.at,
        evidence=tuple(evidence),
        aggregation_key=one.entry,
        aggregation_seconds=0,
        explanation=(one.words,),
    )
