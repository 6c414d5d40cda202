"""Clusters of mails: what makes one, how it is counted, how it is judged (AI-40..49)."""

import hashlib
import time
from collections.abc import Iterator
from datetime import datetime

from watchfloor.connectors.contracts import IN_MAILBOX
from watchfloor.investigations.case import Case, asked, is_
from watchfloor.investigations.contracts import (
    Asked,
    ClusterKind,
    Counters,
    FoundCluster,
    Threshold,
    Thresholds,
    Verdict,
)
from watchfloor.investigations.judging import (
    anomaly_of,
    corrected,
    judged,
    sure,
    tallied,
    verdict_of,
)
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Measure, Operator, Query

COUNTED_BY = ("LatestDeliveryLocation", "DeliveryAction", "ThreatTypes", "ConfidenceLevel", lake.BUCKET)
DIFFERENT = (
    Measure("mails", "distinct", "NetworkMessageId"),
    Measure("recipients", "distinct", "RecipientEmailAddress"),
)
MOST_COMPARED = 5000
"""Later verdicts are looked up for so many copies of a cluster; the rest counts as it was judged on arrival."""
MOST_NAMED = 500
SAMPLED = (
    "NetworkMessageId",
    "Timestamp",
    "Subject",
    "SenderFromAddress",
    "RecipientEmailAddress",
    "LatestDeliveryLocation",
    "ThreatTypes",
    "ConfidenceLevel",
)
RECEIVED = Condition("EmailDirection", Operator.EQUAL_NONE, ("Outbound",))

PAIRS: tuple[tuple[ClusterKind, str, str], ...] = (
    (ClusterKind.LIKENESS_IP, "EmailClusterId", "SenderIP"),
    (ClusterKind.LIKENESS_DOMAIN, "EmailClusterId", "SenderFromDomain"),
    (ClusterKind.SUBJECT_IP, "Subject", "SenderIP"),
    (ClusterKind.SUBJECT_DOMAIN, "Subject", "SenderFromDomain"),
)
"""Two traits each: a subject or a sending domain alone is shared by strangers."""


def key_of(kind: ClusterKind, value: str) -> str:
    """What names a cluster within its investigation."""
    return hashlib.sha256(f"{kind}|{value}".encode()).hexdigest()[:40]


def similarity(case: Case) -> Iterator[tuple[ClusterKind, str, Query]]:
    """The clusters of mails like the first ones: (kind, value in words, query)."""
    seen = set()
    for row in case.mails:
        for kind, first, second in PAIRS:
            pair = (str(row.get(first) or ""), str(row.get(second) or ""))
            if not all(pair) or pair[0] == "0" or (kind, pair) in seen:
                continue
            seen.add((kind, pair))
            yield kind, " · ".join(pair), case.within(is_(first, pair[0]), is_(second, pair[1]), RECEIVED)


def entities(case: Case) -> Iterator[tuple[ClusterKind, str, Query]]:
    """The clusters of mails that carry a URL or file found malicious; URLs that differ behind the ? only are one."""
    for page in dict.fromkeys(map(page_of, case.urls)):
        carried = Condition(
            "EmailUrlInfo.Url", Operator.STARTS_WITH if page_is_long(page) else Operator.EQUAL_ANY, (page,)
        )
        yield ClusterKind.URL, page, case.within(carried, RECEIVED)
    for sha256 in case.files:
        yield ClusterKind.FILE, sha256, case.within(is_("EmailAttachmentInfo.SHA256", sha256), RECEIVED)


def page_of(url: str) -> str:
    """A URL without what stands behind ? or #, where mails to many carry each reader's own mark."""
    return url.partition("#")[0].partition("?")[0]


def page_is_long(page: str) -> bool:
    """Whether a page is told from the whole site by its path."""
    return page.partition("://")[2].partition("/")[2].strip("/") != ""


def looked_at(
    kind: ClusterKind, value: str, query: Query, *, limits: Thresholds, now: datetime
) -> tuple[FoundCluster, Asked]:
    """Count and judge one cluster: two or three questions to the lake, however large it is."""
    began = time.monotonic()
    counters, sample = counted(query, now=now)
    verdict, why = judged(counters, limits)
    title = f"{kind.label}: {_named(kind, value, sample)}"
    found = FoundCluster(
        kind,
        value,
        title,
        lake.parameters_of(query),
        lake.kql(query),
        counters,
        verdict,
        why,
        anomaly_of(counters),
        members_of(sample) if counters.copies <= MOST_COMPARED else (),
    )
    return found, asked(query, sample, count=counters.copies, seconds=time.monotonic() - began)


def _named(kind: ClusterKind, value: str, sample: list[dict[str, object]]) -> str:
    """What people read: the subject in the place of a number of likeness."""
    if kind not in (ClusterKind.LIKENESS_IP, ClusterKind.LIKENESS_DOMAIN) or not sample:
        return value
    return f"“{sample[0]['Subject'] or '(no subject)'}” · {value.partition(' · ')[2]}"


def members_of(rows: list[dict[str, object]]) -> tuple[str, ...]:
    """Digests of the copies that still lie in mailboxes; of many, one digest of all."""
    there = sorted(
        f"{row['NetworkMessageId']}|{row['RecipientEmailAddress']}"
        for row in rows
        if row["LatestDeliveryLocation"] in IN_MAILBOX
    )
    named = there if len(there) <= MOST_NAMED else ["\n".join(there)]
    return tuple(map(member_of, named))


def member_of(copy: str) -> str:
    """The digest of one copy, named <NetworkMessageId>|<recipient>."""
    return hashlib.sha256(copy.encode()).hexdigest()[:12]


def counted(query: Query, *, now: datetime) -> tuple[Counters, list[dict[str, object]]]:
    """The counters of a query's copies, and its newest rows."""
    groups = lake.summed(query, by=COUNTED_BY, measures=(Measure("Copies"),))
    counters = tallied(groups, now=now)
    if not counters.copies:
        return counters, []
    different = lake.summed(query, measures=DIFFERENT)[0]
    counters = Counters(**{**counters.kept, **{name: int(different[name] or 0) for name in ("mails", "recipients")}})
    rows = lake.rows(query, columns=SAMPLED, limit=MOST_COMPARED if counters.copies <= MOST_COMPARED else 50)
    return (_with_late(counters, rows) if counters.copies <= MOST_COMPARED else counters), rows


def _with_late(counters: Counters, rows: list[dict[str, object]]) -> Counters:
    """What was said after arrival, by the newest word on each mail."""
    ids = {str(row["NetworkMessageId"]) for row in rows}
    newest = {one.network_message_id: one for one in sorted(lake.late_verdicts_on(ids), key=lambda one: one.position)}
    late = later = cleared = 0
    for row in rows:
        word = newest.get(str(row["NetworkMessageId"]))
        if word is None:
            continue
        was = verdict_of(lake.values_of(row, "ThreatTypes"), high=sure(row))
        high = word.confidence != "Normal"
        now = verdict_of(word.threat_types, high=high)
        late += now is Verdict.MALICIOUS and was is not Verdict.MALICIOUS
        later += now is Verdict.SUSPICIOUS and was is Verdict.CLEAN
        cleared += now is Verdict.CLEAN and was is Verdict.MALICIOUS
    return corrected(counters, late=late, late_suspicious=later, cleared=cleared)


def limits_of(kept: dict[str, list[float]], defaults: dict[ClusterKind, Thresholds]) -> dict[ClusterKind, Thresholds]:
    """The thresholds in force: the organisation's where it set its own."""
    found = dict(defaults)
    for name, (hits, share, hits_suspicious, share_suspicious) in kept.items():
        found[ClusterKind(name)] = Thresholds(
            Threshold(int(hits), share), Threshold(int(hits_suspicious), share_suspicious)
        )
    return found
