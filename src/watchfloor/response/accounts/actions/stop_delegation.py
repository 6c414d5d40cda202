"""Remove delegates: what an intruder leaves behind in a mailbox."""

from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.accounts.action import AccountAction


class StopDelegation(AccountAction):
    key = "stop-delegation"
    label = "Remove delegates"
    description = "Takes away other people's access to the mailbox; kept, so that an undo gives it back."
    icon = "user-x"
    steps = (AccountVerb.STOP_DELEGATION,)
    order = 80
