"""Mail was removed after delivery: are all copies gone (AI-13..16, AI-39, AI-39b)?"""

from watchfloor.investigations.contracts import Kind, Seeds
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class Zapped(Playbook):
    key = "zapped"
    title = "Mail removed after delivery"
    kind = Kind.ZAPPED_URL
    description = "Looks for the copies that removing missed, and for who opened a link before."
    rules = ("malicious-mail-removed",)
    questions = (ask.WHAT, ask.CARRIED, ask.CLICKS, ask.SIMILAR, ask.ENTITIES, ask.BLOCK)

    @classmethod
    def kind_of(cls, seeds: Seeds) -> Kind:
        return Kind.ZAPPED_FILE if seeds.files else Kind.ZAPPED_URL
