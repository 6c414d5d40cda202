"""Somebody opened a malicious link, or a link turned malicious (AI-10, AI-11, AI-38)."""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class MaliciousClick(Playbook):
    key = "malicious-click"
    title = "Malicious URL click"
    kind = Kind.CLICK
    description = (
        "Finds all mails with the URL and everybody who opened it; removes them, blocks the URL, asks about the person."
    )
    rules = ("malicious-url-click", "url-verdict-change")
    about = ("url", "mailCluster", "user")
    questions = (
        ask.WHAT,
        ask.SENDER,
        ask.CARRIED,
        ask.CLICKS,
        ask.DEVICES,
        ask.ENTITIES,
        ask.SIMILAR,
        ask.BLOCK,
        *ask.PERSON,
    )
