"""Require sign-in again (US-61): every open session ends, wherever the person has one."""

from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.accounts.action import AccountAction
from watchfloor.response.accounts.actions.confirm_compromised import RESET


class RequireSignIn(AccountAction):
    key = "require-sign-in"
    label = "Require sign-in again"
    description = (
        "Ends every open session. Whoever knows the password signs in again: tick the reset when it may be known."
    )
    icon = "logout"
    steps = (AccountVerb.END_SESSIONS,)
    options = (RESET,)
    undoable = False
    order = 20
