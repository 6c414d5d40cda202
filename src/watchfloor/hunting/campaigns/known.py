"""Which campaigns are meant: by time, type, subtype, name and what people said of them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from watchfloor.hunting.models import CampaignFeedback, KnownCampaign
from watchfloor.kernel.errors import NotFound
from watchfloor.lake import selectors as lake

TYPES = ("Phish", "Malware")
GROUPINGS = {"doubted": "Grouping doubted", "confirmed": "Grouping confirmed"}
MOST = 5000
"""Campaigns of one page; beyond them the newest are shown, and the page says so."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`text` matches a part of name, sample subject or subtype, or an id; empty fields want everything."""

    start: datetime
    end: datetime
    type: str = ""
    subtype: str = ""
    text: str = ""
    grouping: str = ""


def campaigns(wanted: Wanted) -> list[KnownCampaign]:
    """Those with mails in the time, the newest first: one question, two with `grouping`."""
    found = KnownCampaign.objects.filter(last_at__gte=wanted.start, first_at__lt=wanted.end)
    if wanted.type:
        found = found.filter(threat=wanted.type)
    if wanted.subtype:
        found = found.filter(subtype=wanted.subtype)
    if wanted.text:
        found = found.filter(_said(wanted.text))
    if wanted.grouping in GROUPINGS:
        ids = CampaignFeedback.objects.filter(correct=wanted.grouping == "confirmed").values("campaign")
        found = found.filter(pk__in=ids)
    return list(found.order_by("-last_at", "pk")[:MOST])


def _said(text: str) -> Q:
    fields = Q(name__icontains=text) | Q(subject__icontains=text) | Q(subtype__icontains=text)
    return fields | Q(pk=int(text)) if text.lstrip("-").isdecimal() and len(text) < 19 else fields


def subtypes() -> list[str]:
    """Every subtype there is."""
    rows = KnownCampaign.objects.exclude(subtype="").values_list("subtype", flat=True)
    return list(rows.distinct().order_by("subtype")[:200])


def campaign(key: int) -> KnownCampaign:
    """One campaign by any name it ever had. Raises NotFound."""
    found = KnownCampaign.objects.filter(pk=key).first()
    if found is None and (now := lake.campaign_named(key)) is not None:
        found = KnownCampaign.objects.filter(pk=now.ids[0]).first()
    if found is None:
        raise NotFound("there is no such campaign; only groups of mail that were found to be phish or malware are one")
    return found
