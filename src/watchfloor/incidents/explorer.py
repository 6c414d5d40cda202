"""Addresses of Explorer that show the mails of an entity."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from watchfloor.detection.contracts import EvidenceType
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

COLUMNS = {
    EvidenceType.ANALYZED_MESSAGE: "NetworkMessageId",
    EvidenceType.MAIL_CLUSTER: "EmailClusterId",
    EvidenceType.MAILBOX: "RecipientEmailAddress",
    EvidenceType.USER: "RecipientEmailAddress",
    EvidenceType.SENDER: "SenderFromAddress",
    EvidenceType.URL: "EmailUrlInfo.Url",
    EvidenceType.FILE: "EmailAttachmentInfo.SHA256",
    EvidenceType.IP: "SenderIP",
}
AROUND = timedelta(days=1)
MOST_MESSAGES = 200


def explorer_link(kind: str, value: str | Sequence[str], first: datetime, last: datetime) -> str:
    """Explorer with the mails of one entity (or several of a kind), from a day before to a day after it was seen."""
    values = (value,) if isinstance(value, str) else tuple(value)[:MOST_MESSAGES]
    condition = Condition(COLUMNS[EvidenceType(kind)], Operator.EQUAL_ANY, values)
    query = Query("EmailEvents", first - AROUND, last + AROUND, (condition,))
    return f"/explorer?{lake.parameters_of(query)}"
