"""What a campaign is taken for, what that means for its next mail, and how it reaches the mails stored before.

One mis-judged mail shall not condemn its like: a campaign is judged by its members only when at least three of them, and half
of all, were found bad without the campaign's help. A person's word stands above that, in both directions.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from watchfloor.inspection.contracts import Evidence, Verdict
from watchfloor.lake.contracts import LateVerdict
from watchfloor.lake.models import Campaign, CampaignMember
from watchfloor.lake.models import LateVerdict as LateVerdictRow
from watchfloor.lake.standing import authors_of, bad_authors, known
from watchfloor.runtime.services import keep_order

SIGNALS = {"Phish": "campaign_judged", "Malware": "campaign_judged_malware", "Spam": "campaign_judged_spam"}
RANKS = {"": 0, "Spam": 1, "Phish": 2, "Malware": 3}
SOURCE = "campaign"
QUEUE = "lake.late_verdicts"
FEWEST_JUDGED = 3
SMALLEST_SHARE = 0.5
_SURE, _NORMAL = 9.0, 6.0
_AT_ONCE = 500


def taken_for(verdict: Verdict) -> str:
    """The worst threat type of a verdict, "" for none."""
    return worst(threat.value for threat in verdict.threat_types)


def worst(threats: Iterable[str]) -> str:
    return max((threat for threat in threats if threat in RANKS), key=RANKS.__getitem__, default="")


def counts_as(verdict: Verdict) -> str:
    """The threat a mail was found to be without its campaign's help, "" for none: a campaign never convinces itself."""
    helped = sum(reason.points for reason in verdict.reasons if reason.signal in SIGNALS.values())
    return taken_for(verdict) if verdict.score - helped >= verdict.threshold else ""


# --- the campaign -------------------------------------------------------------------------------------------------


@transaction.atomic
def reconsider(names: Iterable[int], *, at: datetime | None = None) -> None:
    """Judge campaigns anew by their members; those that now are worse than they were are marked to be spread."""
    suspicious = Campaign.objects.select_for_update().filter(pk__in=sorted(names)).exclude(judged_by="person")
    for campaign in suspicious.exclude(spam=0, phish=0, malware=0, threat="").order_by("pk"):
        threat, judged = by_members(campaign)
        if threat != campaign.threat:
            campaign.to_spread = RANKS[threat] > RANKS[campaign.threat]
            campaign.threat, campaign.judged_by = threat, "members" if threat else ""
            campaign.confidence = "Normal" if threat else ""
            campaign.judged_at = at or campaign.last_at
            campaign.words = f"{judged} of its {campaign.mails} mails were judged {threat} or worse" if threat else ""
            campaign.save(update_fields=["threat", "judged_by", "confidence", "judged_at", "words", "to_spread"])


def by_members(campaign: Campaign) -> tuple[str, int]:
    """The worst threat that enough members were found to be, and how many; ("", 0) for none."""
    found = 0
    for threat, count in (("Malware", campaign.malware), ("Phish", campaign.phish), ("Spam", campaign.spam)):
        found += count
        if found >= FEWEST_JUDGED and found >= SMALLEST_SHARE * campaign.mails:
            return threat, found
    return "", 0


def evidence_of(campaign: Campaign, *, likeness: float) -> Evidence | None:
    """What belonging to `campaign` says about a mail; None where it says nothing."""
    if not campaign.threat:
        return None
    if campaign.judged_by == "person":
        points = _SURE if campaign.confidence == "High" else _NORMAL
    else:
        # From 2 points when half of the members were found bad to 5, a verdict of its own, when all were.
        points = round(min(5.0, 6 * by_members(campaign)[1] / max(campaign.mails, 1) - 1), 1)
    alike = f"{likeness:.0%} the same text" if likeness else "the same attachment"
    words = f"Belongs to campaign {campaign.pk} ({alike}), which is taken for {campaign.threat}: {campaign.words}"
    return Evidence(SIGNALS[campaign.threat], words, points=points)


# --- verdicts from elsewhere --------------------------------------------------------------------------------------


@transaction.atomic
def heed(found: Sequence[LateVerdict]) -> None:
    """Let campaigns learn from late verdicts of people and entries; what a campaign itself said teaches it nothing."""
    told = {one.network_message_id: one for one in found if one.source != SOURCE}
    for member in CampaignMember.objects.filter(pk__in=told):
        late = told[member.pk]
        campaign = _root(member)
        if campaign is None:
            continue
        threat = worst(late.threat_types)
        _recount(campaign, before=member.counted, after=threat)
        member.counted = member.threat = threat
        member.save(update_fields=["counted", "threat"])
        if late.source == "person" and (not threat or (late.confidence == "High" and threat != "Spam")):
            _settle(campaign, late, threat=threat)
            Campaign.objects.filter(pk=campaign.pk).update(to_spread=bool(threat))
        else:
            reconsider([campaign.pk], at=late.at)


def _recount(campaign: Campaign, *, before: str, after: str) -> None:
    """Count one member as something else. In the database: mail that comes in meanwhile changes the same numbers."""
    if before == after:
        return
    less = {before.lower(): Greatest(F(before.lower()) - 1, 0)} if before else {}
    more = {after.lower(): F(after.lower()) + 1} if after else {}
    Campaign.objects.filter(pk=campaign.pk).update(**less, **more)


def _settle(campaign: Campaign, late: LateVerdict, *, threat: str) -> None:
    """A person's word on the whole campaign; harmless counts too."""
    campaign.threat, campaign.confidence, campaign.judged_by = threat, late.confidence, "person"
    campaign.judged_at, campaign.words = late.at, f"one of its mails was judged {threat or 'harmless'}: {late.words}"
    campaign.save(update_fields=["threat", "confidence", "judged_by", "judged_at", "words"])


def _root(member: CampaignMember) -> Campaign | None:
    campaign = Campaign.objects.filter(pk=member.campaign).first()
    if campaign is not None and campaign.joined_to:
        return Campaign.objects.filter(pk=campaign.joined_to).first()
    return campaign


# --- to the mails stored before -----------------------------------------------------------------------------------


def flow(late: LateVerdict) -> int:
    """Spread one late verdict to the other mails of its campaign, and to those still to come. Returns how many heard."""
    with transaction.atomic():
        member = CampaignMember.objects.filter(pk=late.network_message_id).first()
        campaign = _root(member) if member else None
        if campaign is None:
            return 0
        threat = worst(late.threat_types)
        CampaignMember.objects.filter(pk=late.network_message_id).update(threat=threat)
        _settle(campaign, late, threat=threat)
        Campaign.objects.filter(pk=campaign.pk).update(to_spread=False)
    told = 0
    while count := _tell(campaign, at=late.at):
        told += count
    return told


def spread(*, now: datetime) -> int:
    """Tell earlier members of campaigns that became judged, some at a time. Returns how many heard."""
    told = 0
    for campaign in Campaign.objects.filter(to_spread=True).order_by("pk")[:20]:
        count = _tell(campaign, at=now)
        told += count
        if not count:
            Campaign.objects.filter(pk=campaign.pk, threat=campaign.threat).update(to_spread=False)
    return told


@transaction.atomic
def _tell(campaign: Campaign, *, at: datetime) -> int:
    """Write down late verdicts for members that are taken for something else, each once; older ones are left in peace."""
    names = [campaign.pk, *Campaign.objects.filter(joined_to=campaign.pk).values_list("pk", flat=True)]
    since = at - timedelta(hours=settings.WATCHFLOOR.campaign_hours)
    members = CampaignMember.objects.filter(campaign__in=names, at__gte=since)
    if campaign.threat:
        members = members.filter(
            threat__in=[one for one in RANKS if RANKS[one] < RANKS[campaign.threat]], allowed=False
        )
    else:
        members = members.exclude(threat="")
    ids = _to_tell(members, names if campaign.threat else ())
    words = f"Campaign {campaign.pk}: {campaign.words}"
    keep_order(QUEUE)
    LateVerdictRow.objects.bulk_create(
        LateVerdictRow(
            at=at,
            network_message_id=one,
            threat_types=[campaign.threat] if campaign.threat else [],
            confidence=campaign.confidence if campaign.threat else "",
            source=SOURCE,
            words=words,
        )
        for one in ids
    )
    CampaignMember.objects.filter(pk__in=ids).update(threat=campaign.threat)
    return len(ids)


def _to_tell(members: QuerySet[CampaignMember], judged: Sequence[int]) -> list[str]:
    """Up to 500 of them by id; of campaigns found bad, `judged`, none whose known author answers for no bad mail in them."""
    bad, after = bad_authors(judged), ""
    while ids := list(
        members.select_for_update().filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]
    ):
        authors = authors_of(ids) if judged else {}
        spared = known(authors.values()) - bad
        if told := [one for one in ids if authors.get(one) not in spared]:
            return told
        after = ids[-1]
    return []
