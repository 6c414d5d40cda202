"""Dismiss the risk: it was looked into and is none."""

from watchfloor.access.contracts import Permission
from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.accounts.action import AccountAction


class DismissRisk(AccountAction):
    key = "dismiss-risk"
    label = "Dismiss risk"
    description = "Sets the risk to none, here and where the directory keeps one; new findings raise it again."
    icon = "shield-check"
    steps = (AccountVerb.DISMISS_RISK,)
    permission = Permission.IDENTITY_RISK_MANAGE
    on_risk = True
    undoable = False
    order = 90
