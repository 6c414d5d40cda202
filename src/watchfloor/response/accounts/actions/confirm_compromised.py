"""Confirm compromised (US-60): the risk is High and stays so; further steps may be ticked."""

from watchfloor.access.contracts import Permission
from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.accounts.action import AccountAction, Option

LOCK = Option(
    "suspend",
    "Suspend the accounts",
    (AccountVerb.SUSPEND, AccountVerb.END_SESSIONS),
    "Nobody signs in until you enable.",
)
RESET = Option(
    "reset-password",
    "Force a password reset",
    (AccountVerb.RESET_PASSWORD, AccountVerb.END_SESSIONS),
    "You are shown the temporary password once.",
)
SIGN_OUT = Option("sign-out", "Require sign-in again", (AccountVerb.END_SESSIONS,), "Ends open sessions.")
MAIL = Option(
    "mail-traces",
    "Stop forwarding, inbox rules and delegation",
    (AccountVerb.STOP_FORWARDING, AccountVerb.STOP_RULES, AccountVerb.STOP_DELEGATION),
    "What intruders leave behind in a mailbox; can be undone.",
)


class ConfirmCompromised(AccountAction):
    key = "confirm-compromised"
    label = "Confirm compromised"
    description = "Sets the risk to High, here and where the directory keeps one, so that its access policies react."
    icon = "shield-x"
    steps = (AccountVerb.CONFIRM_COMPROMISED,)
    options = (LOCK, RESET, SIGN_OUT, MAIL)
    permission = Permission.IDENTITY_RISK_MANAGE
    on_risk = True
    dangerous = True
    order = 10
