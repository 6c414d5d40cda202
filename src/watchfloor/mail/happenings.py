"""What people and the house did about one email, as lines of its timeline: clicks, labels, later verdicts."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from watchfloor.intelligence.selectors import labels_of
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.mail.contracts import EmailEntity, Source, TimelineEvent

CLICKS = "UrlClickEvents"
MOST_CLICKS = 200
AFTER = timedelta(days=400)
LATE_SOURCES = {"campaign": "Campaign", "entry": "Block list or indicator", "person": "Person"}


def happenings(found: EmailEntity) -> Iterable[TimelineEvent]:
    """All of them, in no order."""
    yield from clicks(found)
    yield from labels(found)
    yield from late_verdicts(found)


def clicks_of(found: EmailEntity) -> list[dict[str, object]]:
    """Rows of UrlClickEvents that name this email, oldest first: the recipient's and, without a name, anybody's."""
    same = Condition("NetworkMessageId", Operator.EQUAL_ANY, (found.id,))
    query = Query(CLICKS, found.record.received_at - timedelta(days=1), found.record.received_at + AFTER, (same,))
    columns = ("Timestamp", "Url", "ActionType", "AccountUpn", "ThreatTypes", "IPAddress", "Workload")
    rows = lake.rows(query, columns=columns, order_by="Timestamp", descending=False, limit=MOST_CLICKS)
    return [row for row in rows if str(row["AccountUpn"] or "").lower() in ("", found.recipient.lower())]


def clicks(found: EmailEntity) -> Iterator[TimelineEvent]:
    for row in clicks_of(found):
        where = ", ".join(str(part) for part in (row["AccountUpn"], row["IPAddress"], row["Workload"]) if part)
        yield TimelineEvent(
            at=row["Timestamp"],  # type: ignore[arg-type]  # DATETIME in the schema
            source=Source.USER,
            event="URL click",
            result=str(row["ActionType"] or ""),
            threats=lake.values_of(row, "ThreatTypes", of=CLICKS),
            details=f"{row['Url']} ({where})" if where else str(row["Url"]),
        )


def labels(found: EmailEntity) -> Iterator[TimelineEvent]:
    """What people said about the verdict."""
    for one in labels_of(found.id):
        details = ", ".join(part for part in (f"by {one.by}", one.note) if part)
        yield TimelineEvent(one.at, Source.ADMIN, "Verdict marked", one.kind.label, details=details)


def late_verdicts(found: EmailEntity) -> Iterator[TimelineEvent]:
    """Verdicts that came after the mail was stored."""
    for late in lake.late_verdicts_of(found.id):
        yield TimelineEvent(
            at=late.at,
            source=Source.ADMIN if late.source == "person" else Source.SYSTEM,
            event="Judged again",
            result=", ".join(late.threat_types) or "No threat",
            threats=tuple(late.threat_types),
            details=": ".join(part for part in (LATE_SOURCES.get(late.source, late.source), late.words) if part),
        )
