"""What is known of the mails of an alert before anything is asked: for what they were removed, and who looks into it already."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from watchfloor.investigations.contracts import Seeds
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.steps.message import FILE_METHODS, URL_METHODS, condemned
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response import selectors as remediations

MOST = 50
BACK = timedelta(days=400)
MALWARE = "Malware"
COLUMNS = ("NetworkMessageId", "ThreatTypes", "DetectionMethods")
Removers: TypeAlias = Mapping[str, Mapping[str, bool]]


def removers_of(messages: Sequence[str]) -> Removers:
    """Of each of the first of these mails the remediations that removed it, by id: whether each began by itself."""
    return remediations.removers_of_messages(messages[:MOST])


def trait_of(seeds: Seeds, removers: Removers, *, now: datetime) -> str:
    """By whom or for what mails were removed: "hand", "file", "url", "campaign", or "" (AI-13..16, AI-22)."""
    if any(not automatic for by in removers.values() for automatic in by.values()):
        return "hand"
    messages = seeds.messages
    urls, files = condemned(tuple(messages[:MOST]))
    rows = lake.rows(_of(messages, now=now), columns=COLUMNS, limit=MOST)
    said = " ".join(str(row["DetectionMethods"]) for row in rows)
    if (
        seeds.files
        or files
        or any(MALWARE in str(row["ThreatTypes"]) for row in rows)
        or any(one in said for one in FILE_METHODS)
    ):
        return "file"
    if seeds.urls or urls or any(one in said for one in URL_METHODS):
        return "url"
    campaigns = (lake.campaign_of(one) for one in messages[:5])
    return "campaign" if any(one is not None and one.mails > 1 for one in campaigns) else ""


def _of(messages: Sequence[str], *, now: datetime) -> Query:
    wanted = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(messages[:MOST]))
    return Query("EmailEvents", now - BACK, now + timedelta(days=1), (wanted,))


def looked_into_by(messages: Sequence[str], removers: Removers) -> int:
    """The investigation that had all of these mails removed, or looks into who did; 0 for none: one mail it does not know is news."""
    by = [one.keys() for one in removers.values()]
    known = Investigation.objects.filter(recommendations__remediation_id__in=set().union(*by)).order_by("-id").first()
    if known is None or len(messages) > MOST:
        return 0
    own = set(known.recommendations.exclude(remediation_id="").values_list("remediation_id", flat=True))
    return known.pk if all(own & one for one in by) else 0
