"""What keeps a copy where it is although a late verdict speaks against it (ZP-04): simulations, and senders its recipient allowed.

A simulation of the organisation's own stays whatever it is judged, or its result would be lost. A recipient's word counts for
their own mailbox, when the mail is proven to be the sender's, and never against malware or high-confidence phish.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from watchfloor.response.quarantine.senders import allowed_pairs
from watchfloor.response.submissions.policy import current as submission_policy
from watchfloor.response.submissions.simulations import simulation_of
from watchfloor.response.targets import row_of
from watchfloor.response.zero_hour import Threat

BELIEVED_AGAINST = frozenset({Threat.PHISH, Threat.SPAM})
Copy = Mapping[str, Any]


class Kept:
    """Read once for some hundred mails: two queries, however many copies there are."""

    def __init__(self, rows: Iterable[Copy]) -> None:
        known = list(rows)
        self.simulations = submission_policy().simulations
        self.allowed = allowed_pairs(
            recipients={row_of(row).recipient for row in known}, senders={_sender(row) for row in known}
        )

    def why(self, row: Copy, threat: Threat) -> str:
        """Why this copy stays; empty when nothing keeps it."""
        if pair := simulation_of(row, self.simulations):
            return f"it belongs to the organisation's own simulation ({pair})"
        listed = (row_of(row).recipient, _sender(row)) in self.allowed
        return "its recipient allows the sender" if listed and threat in BELIEVED_AGAINST and _proven(row) else ""


def _sender(row: Copy) -> str:
    return str(row.get("SenderFromAddress") or "").strip().lower()


def _proven(row: Copy) -> bool:
    """Whether the mail is the sender's own, by DMARC or by the composite result."""
    try:
        told = json.loads(row.get("AuthenticationDetails") or "{}")
    except ValueError:
        return False
    return isinstance(told, dict) and "pass" in {str(told.get(name, "")).lower() for name in ("DMARC", "CompAuth")}
