"""Mail was removed after delivery for its campaign (AI-15, AI-39b): are all copies gone?"""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class ZappedCampaign(Playbook):
    key = "zapped-campaign"
    title = "Campaign removed after delivery"
    kind = Kind.ZAPPED_CAMPAIGN
    description = "Looks for mails of the campaign that removing missed, and for who opened a link before."
    rules = ("malicious-mail-removed",)
    trait = "campaign"
    questions = (
        ask.WHAT,
        ask.SENDER,
        ask.CAMPAIGN,
        ask.CARRIED,
        ask.CLICKS,
        ask.DEVICES,
        ask.SIMILAR,
        ask.ENTITIES,
        ask.BLOCK,
    )
