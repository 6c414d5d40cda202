"""An analyst asks about mails (AI-20, AI-39e)."""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class ManualMail(Playbook):
    key = "manual-mail"
    title = "Mail investigated by hand"
    kind = Kind.MANUAL
    description = "The same questions as for a reported mail, asked by an analyst about any mail."
    questions = (*ask.MAIL, *ask.PERSON)
