"""Mail was removed after delivery for its URL (AI-14, AI-39b): are all copies gone?"""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class ZappedUrl(Playbook):
    key = "zapped-url"
    title = "Malicious URL removed after delivery"
    kind = Kind.ZAPPED_URL
    description = (
        "Looks for other mails with the same URL and for who opened it before; removes what is left and blocks the URL."
    )
    rules = ("malicious-mail-removed",)
    trait = "url"
    questions = (ask.WHAT, ask.CARRIED, ask.CLICKS, ask.DEVICES, ask.ENTITIES, ask.SIMILAR, ask.BLOCK)
