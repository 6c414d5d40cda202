"""The verbs of investigations: start, decide, agree, end, change the policy. Each is permitted and audited in its own module."""

from watchfloor.investigations.deciding import agree, approve, reject, stop
from watchfloor.investigations.policy import change as change_policy
from watchfloor.investigations.policy import switch as switch_kill
from watchfloor.investigations.starting import start

__all__ = ["agree", "approve", "change_policy", "reject", "start", "stop", "switch_kill"]
