"""What a person may do with what Explorer finds."""

from collections.abc import Iterable

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.hunting.explorer.contracts import GridColumn
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.lake import selectors as lake


def asked_by(state: ExplorerState, actor: Actor) -> ExplorerState:
    """The same state. Raises Forbidden where a condition names a table this person may not read: which mails are found would tell."""
    for condition in state.query.every_condition:
        authorise(actor, lake.table(condition.column.rpartition(".")[0] or state.view.table).permission)
    return state


def readable(columns: Iterable[GridColumn], actor: Actor) -> tuple[GridColumn, ...]:
    """The columns without those that another table fills which this person may not read."""
    owners = ((one, one.looked_up.partition(".")[0]) for one in columns)
    return tuple(one for one, owner in owners if not owner or actor.may(lake.table(owner).permission))


def may_act(actor: Actor) -> bool:
    """Whether this person may act on mail, or propose it."""
    return actor.may(Permission.EMAIL_ACTION_MANAGE) or actor.may(Permission.EMAIL_ACTION_PROPOSE)


def may_act_on_people(actor: Actor) -> bool:
    """Whether this person may act on people's accounts, propose it, or set their risk."""
    rights = (Permission.IDENTITY_ACTION_MANAGE, Permission.IDENTITY_ACTION_PROPOSE, Permission.IDENTITY_RISK_MANAGE)
    return actor.may(Permission.IDENTITY_READ) and any(map(actor.may, rights))


def may_investigate(actor: Actor) -> bool:
    """Whether this person may have mails or people looked into (AI-87)."""
    return actor.may(Permission.EMAIL_ACTION_PROPOSE)
