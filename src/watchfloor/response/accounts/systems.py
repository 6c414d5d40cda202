"""Everything that acts on accounts, our own risk level among it."""

from collections.abc import Callable
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.contracts import AccountActions
from watchfloor.connectors.selectors import account_actions
from watchfloor.kernel.clock import utc_now
from watchfloor.response.accounts.risk import OWN, OwnRisk
from watchfloor.response.models import Remediation

__all__ = ["account_actions", "systems_of", "systems_to_ask"]


def systems_of(remediation: Remediation, *, clock: Callable[[], datetime] = utc_now) -> dict[str, AccountActions]:
    """Every connection that acts on accounts, and our own risk level in the name of whoever decided."""
    rights = frozenset({Permission.IDENTITY_RISK_MANAGE})
    by = Actor(remediation.decided_by, remediation.decided_by_name, rights)
    return {**account_actions(), OWN: OwnRisk(by, remediation.reason, clock)}


def systems_to_ask(actor: Actor) -> dict[str, AccountActions]:
    """The same for a dry run, which changes nothing."""
    return {**account_actions(), OWN: OwnRisk(actor, "", utc_now)}
