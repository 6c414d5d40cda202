"""CampaignInfo: the mails of each campaign under its name, one row a recipient, written as a campaign is found and gains mails.

Rows stay as they were written: a campaign that is known better later has another name in its newer rows, and the same id in all.
Killed between the rows and the note of them, the next turn finds the rows there and writes only the others.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from watchfloor.hunting.campaigns.noting import CLUSTER, LATE, mails_of
from watchfloor.hunting.models import KnownCampaign
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.services import append

INFO = "CampaignInfo"
AT_ONCE = 50
"""Campaigns of one turn: one question for all of them."""
AGAIN = timedelta(days=1)
"""How far before the newest mail listed so far another may come in late."""
KEYS = ("Timestamp", "NetworkMessageId", "RecipientEmailAddress", "ReportId")


def list_mails() -> int:
    """Write down the mails that campaigns gained; returns how many rows."""
    due = list(KnownCampaign.objects.exclude(listed=F("mails")).order_by("-last_at", "pk")[:AT_ONCE])
    if not due:
        return 0
    start, end = min(map(_since, due)), max(one.last_at for one in due) + LATE
    written = 0
    for rows in _missing(due, start, end):
        append(INFO, rows)
        written += len(rows)
    for one in due:
        KnownCampaign.objects.filter(pk=one.pk).update(
            listed=one.mails, listed_to=one.last_at, listed_from=one.first_at
        )
    return written


def _since(one: KnownCampaign) -> datetime:
    """All of it when it is new or turned out to be older, else what may have come since."""
    if one.listed_to is None or one.listed_from is None or one.first_at < one.listed_from:
        return one.first_at
    return max(one.first_at, one.listed_to - AGAIN)


def _missing(due: Sequence[KnownCampaign], start: datetime, end: datetime) -> Iterator[list[dict[str, Any]]]:
    """Rows of these campaigns' mails in [start, end) that CampaignInfo has not, some thousands at a time."""
    of = {name: one for one in due for name in one.ids}
    listed = Query(INFO, start, end, (Condition("CampaignId", Operator.EQUAL_ANY, tuple(map(str, of))),))
    have = {row["ReportId"] for rows in lake.stream(listed, columns=("ReportId",)) for row in rows}
    for rows in lake.stream(mails_of(list(of), start, end), columns=(*KEYS, CLUSTER)):
        found = [_row(row, of[row[CLUSTER]]) for row in rows if row["ReportId"] not in have]
        if found:
            yield found


def _row(mail: dict[str, Any], one: KnownCampaign) -> dict[str, Any]:
    said = {
        "CampaignName": one.name,
        "CampaignId": str(one.pk),
        "CampaignType": one.threat,
        "CampaignSubtype": one.subtype,
    }
    return {key: mail[key] for key in KEYS} | said
