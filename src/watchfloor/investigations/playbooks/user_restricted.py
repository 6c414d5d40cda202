"""Somebody sent more than a person does, or was restricted from sending for it (AI-19, AI-39d)."""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class UserRestricted(Playbook):
    key = "user-restricted"
    title = "User restricted from sending"
    kind = Kind.COMPROMISED
    description = "Judges what the mailbox sent; locks out whoever sends malicious mail, and asks whoever sends much of their own."
    rules = ("user-restricted", "sending-limit")
    about = ("user", "mailbox", "sender")
    questions = (*ask.PERSON, ask.STOP)
