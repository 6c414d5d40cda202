"""A sign-in through a developer's or administrator's tool that this person never used: consent phishing asks for such codes."""

import re

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.formulas import surprise
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

TOOLS = re.compile(
    r"visual studio( code)?|(microsoft )?azure (cli|powershell|active directory powershell)|graph explorer"
    r"|microsoft graph (command line tools|powershell)|exchange (online )?remote powershell|aad graph api explorer"
    r"|microsoft authentication broker|github cli",
    re.IGNORECASE,
)
GRAPH = "graph"
UNKNOWN = 0.01


def look(activity: Activity, past: Past) -> Hit | None:
    if activity.kind is not Kind.SIGN_IN:
        return None
    tool = bool(TOOLS.fullmatch(activity.application)) and GRAPH in activity.object.lower()
    code = activity.protocol.lower() in ("devicecode", "device code")
    if not (tool or code) or past.known("application", activity.application):
        return None
    chance = UNKNOWN if past.learning else past.likely("application", activity.application)
    facts = {"tool": activity.application or "a device code"}
    return Hit(activity.application, surprise(chance), facts, past.compared(chance, "Its use"))


SIGNAL = Signal(
    key="tool_client",
    title="First sign-in through a tool or device code",
    weight=15,
    words="Signed in through {tool} to {object} for the first time, from {where}",
    needs="Entra sign-ins with application and resource",
    look=look,
    on=(Kind.SIGN_IN,),
    techniques=("T1528", "T1566.002"),
)
