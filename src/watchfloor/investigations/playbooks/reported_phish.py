"""A person reported a mail (AI-12, AI-37)."""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class ReportedPhish(Playbook):
    key = "reported-phish"
    title = "Mail reported by a user"
    kind = Kind.REPORTED
    description = "Judges the reported mail, finds others like it and who fell for it; removes what is malicious."
    rules = ("reported-phish",)
    questions = (*ask.MAIL, *ask.PERSON)
