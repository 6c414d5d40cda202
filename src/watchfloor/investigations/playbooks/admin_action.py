"""An administrator acted on mail by hand (AI-22): what is left that the action did not reach?"""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class AdminAction(Playbook):
    key = "admin-action"
    title = "Action by an administrator"
    kind = Kind.ACTION
    description = (
        "Keeps what was done by hand as approved already; looks for copies it did not reach and for who opened a link."
    )
    rules = ("malicious-mail-removed",)
    trait = "hand"
    questions = (ask.ACTED, ask.WHAT, ask.CARRIED, ask.CLICKS, ask.DEVICES, ask.SIMILAR, ask.ENTITIES, ask.BLOCK)
