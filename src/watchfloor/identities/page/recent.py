"""The last things a person's accounts did, for a fly-out that has room for a few (TE-085)."""

from datetime import datetime, timedelta

from watchfloor.access.contracts import Actor
from watchfloor.identities.contracts import RecentActivity
from watchfloor.identities.finding import names_of
from watchfloor.identities.page import asking
from watchfloor.identities.page.lines import Chosen, Line

WINDOWS = (7, 90)
"""Days looked back, the shorter first: most people did something this week, and a week is read sooner."""
MAILS = "Threat mail"


def recent_activity(pk: int, limit: int = 3, *, actor: Actor, now: datetime) -> tuple[RecentActivity, ...]:
    """The newest `limit` activities by the person that this actor may read, newest first; at most two questions to the lake.

    Mails are left out, as whoever asks has them beside this. Raises what a question to the lake may raise.
    """
    mine = [one for one in asking.mine(names_of(pk), actor=actor) if one.source.kind != MAILS]
    found: list[Line] = []
    for days in WINDOWS:
        chosen = Chosen(now - timedelta(days=days), now, direction="by")
        found = list(asking.rows(mine, chosen, now=now, limit=limit))
        if len(found) >= limit:
            break
    return tuple(
        RecentActivity(one.at, one.ip, one.activity, one.target or one.device, one.kind, one.app, one.words)
        for one in found[:limit]
    )
