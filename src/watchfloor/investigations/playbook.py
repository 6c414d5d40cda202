"""What every playbook is: which alerts start it, which questions it asks in which order, and what it calls itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from watchfloor.investigations.case import Case
from watchfloor.investigations.contracts import Found, Kind
from watchfloor.kernel.errors import NotFound
from watchfloor.kernel.registry import modules_in


@dataclass(frozen=True, slots=True)
class Question:
    """One step: `look` only reads; what it finds and wishes for is kept by the engine."""

    key: str
    question: str
    look: Callable[[Case], Found]


class Playbook:
    """One playbook. Subclasses are one file each in `investigations/playbooks/`; adding a file is all it takes.

    `rules` are detection rules whose alerts start it. `about` says of what an alert's evidence is the cause: alerts that share it
    within a day are one investigation. Of several playbooks of one rule, `trait` says which mails are whose: "hand", "file", "url"
    or "campaign", the one with none takes the rest.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    kind: ClassVar[Kind]
    description: ClassVar[str]
    rules: ClassVar[tuple[str, ...]] = ()
    about: ClassVar[tuple[str, ...]] = ("mailCluster", "sender", "analyzedMessage")
    trait: ClassVar[str] = ""
    questions: ClassVar[tuple[Question, ...]]


@cache
def playbooks() -> Mapping[str, type[Playbook]]:
    """All, by key."""
    found: dict[str, type[Playbook]] = {}
    for module in modules_in("watchfloor.investigations.playbooks"):
        for one in vars(module).values():
            if isinstance(one, type) and issubclass(one, Playbook) and one is not Playbook:
                found[one.key] = one
    return found


def playbook_of(key: str) -> type[Playbook]:
    """One by its key; raises NotFound."""
    if key not in playbooks():
        raise NotFound(f"there is no playbook “{key}”")
    return playbooks()[key]


def started_by(rule_id: str, trait: str = "") -> type[Playbook] | None:
    """The playbook alerts of a rule start, or none; the one of this trait, if the rule has several."""
    found = {one.trait: one for one in playbooks().values() if rule_id in one.rules}
    return found.get(trait) or found.get("")


def told_apart(rule_id: str) -> bool:
    """Whether a rule has playbooks by trait."""
    return any(one.trait for one in playbooks().values() if rule_id in one.rules)
