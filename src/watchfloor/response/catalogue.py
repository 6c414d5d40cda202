"""The actions there are: found by walking the folders `response/actions/` and `response/accounts/actions/`."""

from functools import cache
from typing import TypeVar

from watchfloor.access.contracts import Permission
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.registry import modules_in
from watchfloor.response.accounts.action import AccountAction
from watchfloor.response.action import Action, MailAction
from watchfloor.response.contracts import People

Kind = TypeVar("Kind", bound=Action)


@cache
def actions() -> dict[str, MailAction]:
    """Every action on mail by its key, in the order the wizard shows them."""
    return _found("watchfloor.response.actions", MailAction)


@cache
def account_actions() -> dict[str, AccountAction]:
    """Every action on people's accounts by its key, in the order the wizard shows them."""
    return _found("watchfloor.response.accounts.actions", AccountAction)


def action_of(key: str) -> MailAction:
    """The action on mail of this key; raises BadInput naming those there are."""
    return _known(actions(), key)


def account_action_of(key: str) -> AccountAction:
    """The action on accounts of this key; raises BadInput naming those there are."""
    return _known(account_actions(), key)


def any_action_of(key: str) -> Action:
    """The action of this key, whatever it acts on; raises BadInput naming those there are."""
    return _known({**actions(), **account_actions()}, key)


def rights_of(key: str, targets: object) -> frozenset[Permission]:
    """What starting or approving this action needs beside its own permission: the rights of its ticked options."""
    action = any_action_of(key)
    if isinstance(action, AccountAction) and isinstance(targets, People):
        return action.rights(targets.options) - {action.permission}
    return frozenset()


def _found(package: str, kind: type[Kind]) -> dict[str, Kind]:
    found = [
        value()
        for module in modules_in(package)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, kind) and value.__module__ == module.__name__
    ]
    return {action.key: action for action in sorted(found, key=lambda action: action.order)}


def _known(known: dict[str, Kind], key: str) -> Kind:
    try:
        return known[key]
    except KeyError:
        raise BadInput(f"there is no action “{key}”; actions are {', '.join(known)}", place="action") from None
