"""Disable inbox rules: what an intruder leaves behind in a mailbox."""

from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.accounts.action import AccountAction


class StopRules(AccountAction):
    key = "stop-rules"
    label = "Disable inbox rules"
    description = (
        "Switches off the rules that move, delete or mark incoming mail; kept, so that an undo brings them back."
    )
    icon = "filter-off"
    steps = (AccountVerb.STOP_RULES,)
    order = 70
