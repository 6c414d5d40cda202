"""Force password reset (US-64): the old password ends, a temporary one must be changed at the next sign-in."""

from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.accounts.action import AccountAction
from watchfloor.response.accounts.actions.confirm_compromised import SIGN_OUT


class ResetPassword(AccountAction):
    key = "reset-password"
    label = "Force password reset"
    description = (
        "Ends the old password. Where a temporary one is set, you are shown it once; the person must change it."
    )
    icon = "key"
    steps = (AccountVerb.RESET_PASSWORD,)
    options = (SIGN_OUT,)
    undoable = False
    dangerous = True
    order = 50
