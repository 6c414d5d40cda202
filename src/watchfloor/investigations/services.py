"""The verbs of investigations: start, decide, agree, end, change the policy, restrict from sending. Each is permitted and audited
in its own module."""

from watchfloor.investigations.aftercare.policy import change as change_aftercare
from watchfloor.investigations.aftercare.restricting import refusal_of as refusal_of_restricted
from watchfloor.investigations.aftercare.restricting import release, restrict
from watchfloor.investigations.deciding import agree, approve, reject, stop
from watchfloor.investigations.policy import change as change_policy
from watchfloor.investigations.policy import switch as switch_kill
from watchfloor.investigations.starting import start

__all__ = [
    "agree",
    "approve",
    "change_aftercare",
    "change_policy",
    "refusal_of_restricted",
    "reject",
    "release",
    "restrict",
    "start",
    "stop",
    "switch_kill",
]
