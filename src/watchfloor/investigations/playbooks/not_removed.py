"""Malicious mail lies in mailboxes (AI-17, AI-39c)."""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class NotRemoved(Playbook):
    key = "not-removed"
    title = "Malicious mail not removed"
    kind = Kind.NOT_REMOVED
    description = "Locates the copies of malicious mail that was delivered, and recommends removing them."
    rules = ("malicious-mail-delivered", "malicious-mail-not-removed", "malicious-mail-left", "malicious-mail-stays")
    questions = (
        ask.WHAT,
        ask.STUCK,
        ask.SENDER,
        ask.CARRIED,
        ask.CLICKS,
        ask.DEVICES,
        ask.SIMILAR,
        ask.ENTITIES,
        ask.BLOCK,
    )
