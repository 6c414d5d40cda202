"""The panel beside similar emails: the campaign of this mail, the mails most like it, and what they have in common."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.template.loader import render_to_string

from watchfloor.access.contracts import Actor, Permission
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import CampaignOfMail, Condition, Operator, Query, SimilarMail
from watchfloor.mail.contracts import EmailEntity, TimelineEvent
from watchfloor.mail.selectors import MAIL, email_address, explorer_address

PIVOTS = (
    ("Sending domain", "SenderFromDomain"),
    ("Sender IP", "SenderIP"),
    ("URL domain", "EmailUrlInfo.UrlDomain"),
    ("Attachment", "EmailAttachmentInfo.SHA256"),
)
EACH = 3
AROUND = timedelta(days=30)


class CampaignPanel:
    """“Similar mails”: one look-up by signature. Shared senders, addresses, links and files are counted, never joined."""

    key = "campaign"
    title = "Similar mails"
    tab = "similar"
    permission = Permission.EMAIL_METADATA_READ

    def render(self, *, entity: EmailEntity, actor: Actor) -> str:
        found = lake.campaign_of(entity.id)
        if found is None:
            return ""
        return render_to_string("mail/campaign.html", context_of(found, entity))

    def events(self, *, entity: EmailEntity, actor: Actor) -> Sequence[TimelineEvent]:
        """Nothing: a campaign is no event."""
        return ()


def context_of(found: CampaignOfMail, entity: EmailEntity) -> dict[str, Any]:
    within = campaign_query(found)
    return {
        "campaign": found,
        "sentence": sentence(found),
        "explorer": f"/explorer?{lake.parameters_of(within)}",
        "similar": [line(one) for one in found.similar],
        "pivots": [(label, pivot(column, within, entity)) for label, column in PIVOTS],
    }


def campaign_query(found: CampaignOfMail) -> Query:
    """All mails of the campaign, under each name it had."""
    names = Condition("EmailClusterId", Operator.EQUAL_ANY, tuple(map(str, found.ids)))
    return Query(MAIL, found.first_at, found.last_at + timedelta(seconds=1), (names,))


def sentence(found: CampaignOfMail) -> str:
    """The campaign in one sentence."""
    mails = "1 mail" if found.mails == 1 else f"{found.mails:,} mails"
    span = f"{found.first_at:%Y-%m-%d %H:%M} to {found.last_at:%Y-%m-%d %H:%M} UTC"
    joined = f", joined from {len(found.ids)} campaigns" if len(found.ids) > 1 else ""
    threat = found.threat or ("harmless" if found.words else "no threat")
    why = f": {visible(found.words)}" if found.words else ""
    return f"Campaign {found.ids[0]}{joined}: {mails}, {span}. Taken for {threat}{why}."


def line(one: SimilarMail) -> dict[str, Any]:
    return {
        "at": one.at,
        "subject": visible(one.subject) or "(no subject)",
        "sender": visible(one.sender),
        "recipients": one.recipients,
        "threat": one.threat,
        "likeness": f"{one.likeness:.0%}" if one.likeness else "same attachment",
        "inside": one.in_campaign,
        "href": email_address(one.network_message_id),
    }


def pivot(column: str, within: Query, entity: EmailEntity) -> list[dict[str, Any]]:
    """The commonest values of one column in the campaign: on how many of its mails, and on how many of all around this one."""
    ranked = [pair for pair in lake.top(within, column=column, limit=EACH, distinct="NetworkMessageId") if pair[0]]
    if not ranked:
        return []
    around, moment = (
        Condition(column, Operator.EQUAL_ANY, tuple(value for value, _ in ranked)),
        entity.record.received_at,
    )
    everywhere = Query(MAIL, moment - AROUND, moment + AROUND, (around,))
    counts = {
        value.lower(): count
        for value, count in lake.top(everywhere, column=column, limit=50, distinct="NetworkMessageId")
    }
    return [
        {
            "value": visible(value),
            "here": count,
            "all": max(count, counts.get(value.lower(), 0)),
            "href": explorer_address(column, value, around=moment, days=AROUND.days),
        }
        for value, count in ranked
    ]
