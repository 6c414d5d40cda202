"""The actions there are: found by walking the folder `response/actions/`."""

from functools import cache

from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.registry import modules_in
from watchfloor.response.action import MailAction


@cache
def actions() -> dict[str, MailAction]:
    """Every action by its key, in the order the wizard shows them."""
    found = [
        value()
        for module in modules_in("watchfloor.response.actions")
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, MailAction) and value.__module__ == module.__name__
    ]
    return {action.key: action for action in sorted(found, key=lambda action: action.order)}


def action_of(key: str) -> MailAction:
    """The action of this key; raises BadInput naming those there are."""
    try:
        return actions()[key]
    except KeyError:
        raise BadInput(f"there is no action “{key}”; actions are {', '.join(actions())}", place="action") from None
