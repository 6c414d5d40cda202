"""Enable: the way back from Suspend."""

from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.accounts.action import AccountAction


class Enable(AccountAction):
    key = "enable"
    label = "Enable"
    description = "Unlocks every account at its directory, so that the person can sign in again."
    icon = "lock-open"
    steps = (AccountVerb.ENABLE,)
    order = 40
