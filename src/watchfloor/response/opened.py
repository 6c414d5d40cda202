"""Who has read it: the flag \\Seen of the copies, asked of the mail system within a bound (dry run)."""

import time
from collections.abc import Callable
from datetime import datetime

from watchfloor.connectors.contracts import MailboxActions, Target
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.action import MailAction
from watchfloor.response.contracts import Opened, Targets
from watchfloor.response.places import as_json, was_opened
from watchfloor.response.targets import target_rows

MOST_ASKED = 200
SECONDS = 4.0
"""So many mailboxes are asked, for so long: the step must not wait for a large server."""
NEEDED = ("NetworkMessageId", "InternetMessageId", "RecipientEmailAddress", "LatestDeliveryLocation")


def opened_by(
    action: MailAction,
    targets: Targets,
    *,
    mailboxes: MailboxActions,
    now: datetime,
    clock: Callable[[], float] = time.monotonic,
) -> Opened:
    """How many of the first mailboxes aimed at have read it; trouble with the mail system stands in `why`."""
    wanted, left = _wanted(action, targets, now=now)
    ends = clock() + SECONDS
    opened = unread = absent = unknown = 0
    try:
        for _, copies in mailboxes.find(wanted):
            said = was_opened(as_json(copy for copy in copies if not copy.why))
            if any(copy.why for copy in copies):
                unknown += 1
            elif said is None:
                absent += 1
            else:
                opened, unread = opened + said, unread + (not said)
            if clock() > ends:
                break
    except WatchfloorError as error:
        return Opened(why=error.message, unasked=len(wanted) + left)
    heard = opened + unread + absent + unknown
    return Opened(opened, unread, absent, unknown, left + len(wanted) - heard)


def _wanted(action: MailAction, targets: Targets, *, now: datetime) -> tuple[list[Target], int]:
    """The first mailboxes to ask, and how many more there are."""
    found: dict[Target, None] = {}
    left = 0
    for rows in target_rows(targets, now=now, columns=NEEDED):
        for row in rows:
            if not row["InternetMessageId"] or action.unreachable(row["LatestDeliveryLocation"] or ""):
                continue
            target = Target(row["RecipientEmailAddress"].lower(), row["InternetMessageId"])
            if target in found:
                continue
            if len(found) < MOST_ASKED:
                found[target] = None
            else:
                left += 1
    return list(found), left
