"""Disable forwarding: what an intruder leaves behind in a mailbox."""

from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.accounts.action import AccountAction


class StopForwarding(AccountAction):
    key = "stop-forwarding"
    label = "Disable forwarding"
    description = "Switches off forwarding to other addresses; kept, so that an undo brings it back."
    icon = "mail-forward"
    steps = (AccountVerb.STOP_FORWARDING,)
    order = 60
