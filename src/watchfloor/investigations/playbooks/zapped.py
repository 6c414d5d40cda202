"""Mail was removed after delivery: are all copies gone (AI-16, AI-39b)? What it was removed for makes the other types."""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class Zapped(Playbook):
    key = "zapped"
    title = "Mail removed after delivery"
    kind = Kind.ZAPPED_MAIL
    description = "Looks for the copies that removing missed, and for who opened a link before."
    rules = ("malicious-mail-removed",)
    questions = (ask.WHAT, ask.CARRIED, ask.CLICKS, ask.DEVICES, ask.SIMILAR, ask.ENTITIES, ask.BLOCK)
