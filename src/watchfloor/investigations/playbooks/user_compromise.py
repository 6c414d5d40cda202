"""A mailbox behaves as if somebody else were in it (AI-18, AI-21, AI-39d)."""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class UserCompromise(Playbook):
    key = "user-compromise"
    title = "User compromised"
    kind = Kind.COMPROMISED
    description = "Asks for risky sign-ins, forwarding, rules and delegates, and judges what the mailbox sent."
    rules = ("suspicious-sending", "internal-phish", "tenant-sending", "suspicious-forwarding")
    about = ("user", "mailbox", "sender")
    questions = ask.PERSON
