"""An analyst asks about a sender from outside, by the address alone (AI-20, AI-39e)."""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class ManualSender(Playbook):
    key = "manual-sender"
    title = "Sender investigated by hand"
    kind = Kind.MANUAL
    description = (
        "Asks what a sender's address sent, how much of it is malicious, who opened its links and who wrote back; "
        "removes what is malicious, and blocks an address that sends little else."
    )
    questions = (
        *(ask.CAME, ask.FROM_IT, ask.LISTED, ask.WROTE, ask.WHAT, ask.CARRIED, ask.CAMPAIGN, ask.SIMILAR, ask.CLICKS),
        *(ask.DEVICES, ask.ENTITIES, ask.REPORTS, ask.BLOCK, *ask.PERSON),
    )
