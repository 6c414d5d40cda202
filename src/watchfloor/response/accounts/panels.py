"""What a person's page shows of ours: a button for each action, how the accounts stand, what was done to them."""

from collections.abc import Callable

from watchfloor.access.contracts import Permission
from watchfloor.identities.page.contracts import PersonAction
from watchfloor.identities.services import register_person_action, register_person_panel
from watchfloor.response.accounts.action import AccountAction
from watchfloor.response.accounts.history import ActionsOnAPerson
from watchfloor.response.catalogue import account_actions


def _aimed(key: str) -> Callable[[int], str]:
    return lambda pk: f"/actions/people/new?action={key}&person={pk}"


def _seen_with(action: AccountAction) -> Permission:
    """Whoever may propose it gets the button; risk is for those who may set it."""
    return action.permission if action.on_risk else action.propose_permission


for _action in account_actions().values():
    if _action.offered:
        register_person_action(
            PersonAction(
                key=_action.key,
                label=_action.label,
                icon=_action.icon,
                permission=_seen_with(_action),
                href=_aimed(_action.key),
                dangerous=_action.dangerous,
            )
        )

register_person_panel(ActionsOnAPerson())
register_person_action(
    PersonAction(
        key="account-settings",
        label="Account settings",
        icon="settings",
        permission=Permission.IDENTITY_READ,
        href=lambda pk: f"/identities/{pk}/account-settings",
    )
)
