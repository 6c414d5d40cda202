"""Mails like one: a look-up by its signature, in its campaign and beside it. No table of events is asked."""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count

from watchfloor.inspection.services import keys_of, likeness
from watchfloor.lake.contracts import CampaignOfMail, SimilarMail
from watchfloor.lake.models import Campaign, CampaignBand, CampaignMember, CampaignRepresentative, Email

NEAR = 0.5
"""From this likeness on a mail of another campaign is shown too."""
_LOOKED_AT = 500


def campaign_of(network_message_id: str, *, limit: int = 50) -> CampaignOfMail | None:
    """The campaign of one email with the `limit` mails most like it; None when it says too little or is too long ago."""
    member = CampaignMember.objects.filter(pk=network_message_id.lower()).first()
    own = Campaign.objects.filter(pk=member.campaign).first() if member else None
    campaign = Campaign.objects.filter(pk=own.joined_to).first() if own and own.joined_to else own
    if member is None or campaign is None:
        return None
    names = [campaign.pk, *Campaign.objects.filter(joined_to=campaign.pk).order_by("pk").values_list("pk", flat=True)]
    signature = bytes(member.signature) or _signatures([member.representative]).get(member.representative, b"")
    return CampaignOfMail(
        ids=tuple(names),
        mails=campaign.mails,
        first_at=campaign.first_at,
        last_at=campaign.last_at,
        threat=campaign.threat,
        words=campaign.words,
        similar=_described(_most_like(member, signature, names, limit), set(names)),
    )


def _most_like(
    member: CampaignMember, signature: bytes, names: Sequence[int], limit: int
) -> list[tuple[float, CampaignMember]]:
    """The members most like this one, the newest first among equals."""
    near = [one for one in _near(signature) if one not in names]
    others = CampaignMember.objects.exclude(pk=member.pk).order_by("-at")
    found = [*others.filter(campaign__in=names)[:_LOOKED_AT], *others.filter(campaign__in=near)[:_LOOKED_AT]]
    known = _signatures({one.representative for one in found if not one.signature})
    ranked = [(likeness(signature, bytes(one.signature) or known.get(one.representative, b"")), one) for one in found]
    ranked.sort(key=lambda pair: -pair[0])
    return [(share, one) for share, one in ranked if one.campaign in names or share >= NEAR][:limit]


def _near(signature: bytes) -> set[int]:
    """Campaigns with a representative that is somewhat like it."""
    keys = keys_of(signature)
    ids = set(CampaignBand.objects.filter(key__in=keys).values_list("representative", flat=True)) if keys else set()
    found = CampaignRepresentative.objects.filter(pk__in=ids).values_list("campaign_id", "signature")
    return {campaign for campaign, other in found if likeness(signature, bytes(other)) >= NEAR}


def _signatures(representatives: Iterable[int]) -> dict[int, bytes]:
    found = CampaignRepresentative.objects.filter(pk__in=list(representatives)).values_list("pk", "signature")
    return {pk: bytes(signature) for pk, signature in found}


def _described(ranked: Sequence[tuple[float, CampaignMember]], names: set[int]) -> tuple[SimilarMail, ...]:
    emails = Email.objects.filter(pk__in=[one.pk for _, one in ranked]).annotate(count=Count("recipients"))
    known: Mapping[str, Any] = {email.pk: email for email in emails}
    return tuple(
        _mail(known[one.pk], one, share, inside=one.campaign in names) for share, one in ranked if one.pk in known
    )


def _mail(email: Any, member: CampaignMember, share: float, *, inside: bool) -> SimilarMail:
    summary = json.loads(zlib.decompress(email.summary))
    return SimilarMail(
        network_message_id=email.pk,
        at=member.at,
        sender=summary.get("sender_address") or "",
        subject=summary.get("subject") or "",
        recipients=email.count,
        threat=member.threat,
        likeness=share,
        in_campaign=inside,
    )
