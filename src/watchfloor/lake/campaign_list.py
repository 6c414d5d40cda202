"""Campaigns that were found to be threats, and one by any of its names. The register of campaigns is read, no table of events."""

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet

from watchfloor.lake.contracts import CampaignOfMail
from watchfloor.lake.models import Campaign

JUDGED = ("Phish", "Malware")
ASKED_AT_ONCE = 5_000
"""Campaigns whose other names one question asks for."""


def judged_campaigns() -> list[CampaignOfMail]:
    """Every campaign that is now taken for phish or malware, the newest first: a question, and one for their other names."""
    judged = Campaign.objects.filter(judged_at__isnull=False, threat__in=JUDGED, joined_to=None)
    return list(_with_names(judged.order_by("-last_at", "pk")))


def campaign_named(name: int) -> CampaignOfMail | None:
    """The campaign of this EmailClusterId, or the one it turned out to be; None for one nobody met for ninety days."""
    own = Campaign.objects.filter(pk=name).first()
    root = own.joined_to or own.pk if own else name
    return next(_with_names(Campaign.objects.filter(pk=root)), None)


def standing_of(names: Iterable[int]) -> dict[int, str]:
    """What each of these is taken for by itself: "" also for one that was joined to another; forgotten ones are left out."""
    rows = Campaign.objects.filter(pk__in=list(names)).values_list("pk", "threat", "joined_to")
    return {pk: "" if joined_to else threat for pk, threat, joined_to in rows}


def _with_names(found: "QuerySet[Campaign]") -> Iterator[CampaignOfMail]:
    roots = list(found)
    aliases: dict[int, list[int]] = {}
    wanted = [one.pk for one in roots]
    for start in range(0, len(wanted), ASKED_AT_ONCE):
        joined = Campaign.objects.filter(joined_to__in=wanted[start : start + ASKED_AT_ONCE])
        for pk, root in joined.order_by("pk").values_list("pk", "joined_to"):
            aliases.setdefault(root or 0, []).append(pk)
    for one in roots:
        yield CampaignOfMail(
            ids=(one.pk, *aliases.get(one.pk, ())),
            mails=one.mails,
            first_at=one.first_at,
            last_at=one.last_at,
            threat=one.threat,
            words=one.words,
            judged_by=one.judged_by,
            spam=one.spam,
            phish=one.phish,
            malware=one.malware,
        )
