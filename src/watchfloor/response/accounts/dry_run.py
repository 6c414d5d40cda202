"""What an action would do to each account, as the accounts stand now; nothing is changed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from watchfloor.access.contracts import Actor
from watchfloor.connectors.contracts import AccountVerb
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.accounts.action import AccountAction
from watchfloor.response.accounts.asking import ask_all
from watchfloor.response.accounts.freezing import lines_of
from watchfloor.response.accounts.places import Systems, from_json, owners_of, places_of
from watchfloor.response.accounts.rendering import step_of, system_of
from watchfloor.response.accounts.risk import OWN
from watchfloor.response.accounts.targets import filled
from watchfloor.response.catalogue import account_actions
from watchfloor.response.contracts import LineStatus, People, Verdict
from watchfloor.response.models import AccountLine, Remediation

MOST_ASKED = 20
"""People whose accounts the dry run asks for one by one; the others are only counted."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One step at one account: `words` what would change, or `why` nothing would be done."""

    owner: str
    name: str
    system: str
    step: str
    words: tuple[str, ...]
    why: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The dry run: one line per account and step of the first people, and how many more people there are."""

    lines: tuple[Planned, ...]
    unasked: int

    @property
    def touched(self) -> int:
        return sum(not line.why for line in self.lines)


def plan_of(action: AccountAction, aimed: People, systems: Systems) -> Plan:
    """Ask each system what it would do. A system that fails or is too slow is told in the line's `trouble`."""
    draft = filled(Remediation(action=action.key), aimed)
    owners = islice(owners_of(aimed), MOST_ASKED)
    lines = [line for owner in owners for line in lines_of(action, owner, systems, remediation=draft)]
    answers = iter(_answers([line for line in lines if line.status == LineStatus.PENDING], systems))
    planned = tuple(_planned(line, None if line.why else next(answers)) for line in lines)
    return Plan(planned, max(0, len(aimed) - MOST_ASKED))


def verdicts(aimed: People, systems: Systems, *, actor: Actor) -> Iterator[Verdict]:
    """Every action, and why it cannot be chosen: no connection can, or the person lacks the right."""
    owners = list(islice(owners_of(aimed), MOST_ASKED))
    can = {
        verb
        for owner in owners
        for place in places_of(owner, systems, only=aimed.only)
        if place.system
        for verb in systems[place.system].can
    }
    for action in account_actions().values():
        if action.offered:
            why = _why_not(action, can, actor, known=any(owner.person for owner in owners))
            yield Verdict(action.key, action.label, action.description, action.icon, not why, why, not action.undoable)


def _why_not(action: AccountAction, can: Collection[AccountVerb], actor: Actor, *, known: bool) -> str:
    if not actor.may(action.permission) and not actor.may(action.propose_permission):
        return f"you lack the right “{action.propose_permission.description}”"
    if action.on_risk and not known and action.steps[0] not in can:
        return "nobody is known by this name, so there is no risk to set"
    if not action.on_risk and action.steps[0] not in can:
        return "no connection can do this to these accounts: allow one to, under Settings, Connections"
    return ""


def _answers(lines: list[AccountLine], systems: Systems) -> list[tuple[str, ...] | WatchfloorError]:
    """Of our own risk level in this thread, as it lies in our database; of the others side by side."""
    others = [line for line in lines if line.system != OWN]
    told = iter(ask_all(others, lambda line: _ask(line, systems), system_of=lambda line: line.system))
    return [_ask(line, systems) if line.system == OWN else next(told) for line in lines]


def _ask(line: AccountLine, systems: Systems) -> tuple[str, ...]:
    return tuple(systems[line.system].plan(AccountVerb(line.verb), from_json(line.account)))


def _planned(line: AccountLine, answer: tuple[str, ...] | WatchfloorError | None) -> Planned:
    trouble = answer.message if isinstance(answer, WatchfloorError) else ""
    words = answer if isinstance(answer, tuple) else ()
    return Planned(line.owner_name, line.name, system_of(line), step_of(line), words, line.why, trouble)
