"""Mail was removed after delivery for its file (AI-13, AI-39): are all copies gone?"""

from watchfloor.investigations.contracts import Kind
from watchfloor.investigations.playbook import Playbook
from watchfloor.investigations.steps import catalogue as ask


class ZappedFile(Playbook):
    key = "zapped-file"
    title = "Malicious file removed after delivery"
    kind = Kind.ZAPPED_FILE
    description = "Looks for other mails with the same file, and for copies that removing missed."
    rules = ("malicious-mail-removed",)
    trait = "file"
    questions = (ask.WHAT, ask.CARRIED, ask.ENTITIES, ask.SIMILAR)
