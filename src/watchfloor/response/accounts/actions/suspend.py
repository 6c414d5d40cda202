"""Suspend (US-62, US-63): locked at the directory first, then signed out everywhere."""

from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.accounts.action import AccountAction


class Suspend(AccountAction):
    key = "suspend"
    label = "Suspend"
    description = (
        "Locks every account at its directory, then ends the open sessions. Enable, or undo, brings them back."
    )
    icon = "lock"
    steps = (AccountVerb.SUSPEND, AccountVerb.END_SESSIONS)
    dangerous = True
    order = 30
