"""Everybody's data, or a whole mailbox, was exported."""

import re

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import rarity
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

EXPORTS = re.compile(
    r"customertakeout(created|succeeded|scheduled)|searchexport(ed|downloaded)|newmailboxexportrequest"
    r"|newcompliancesearchaction|viewedsearchexported|emailmonitor(created|settings)\w*|createemailmonitor"
)


def look(activity: Activity, past: Past) -> Hit | None:
    if not EXPORTS.fullmatch(activity.word):
        return None
    share, factors = rarity(activity, past)
    return Hit(activity.word, share, {}, factors)


SIGNAL = Signal(
    key="data_export",
    title="Data of the organisation exported",
    weight=35,
    words="Started or took an export of the organisation's data ({action})",
    needs="Google Workspace administrators' log, Exchange and eDiscovery audit records",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1530", "T1114.002"),
)
