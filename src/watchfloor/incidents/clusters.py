"""The mail clusters of an incident's evidence, counted as they are now (IN-37): by threat and confidence, and by where the copies lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.connectors.contracts import IN_MAILBOX
from watchfloor.incidents.contracts import EvidenceItem
from watchfloor.incidents.explorer import AROUND
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Measure, Operator, Query

MOST = 20
BY = ("EmailClusterId", "ThreatTypes", "ConfidenceLevel", "LatestDeliveryLocation")
OUTSIDE = "On-prem/external"


@dataclass(slots=True)
class ClusterLine:
    """One cluster; all numbers are copies, one per recipient."""

    item: EvidenceItem
    copies: int = 0
    malware: int = 0
    sure_phish: int = 0
    phish: int = 0
    spam: int = 0
    inside: int = 0
    outside: int = 0

    @property
    def elsewhere(self) -> int:
        """Neither in a mailbox nor outside the organisation: quarantined, deleted, never delivered."""
        return self.copies - self.inside - self.outside


def cluster_lines(items: Sequence[EvidenceItem], *, actor: Actor) -> list[ClusterLine]:
    """The clusters among these entities, from a day before they were seen to a day after; one question to the lake."""
    clusters = [one for one in items if one.type == "mailCluster"][:MOST]
    if not clusters or not actor.may(lake.table("EmailEvents").permission):
        return []
    lines = {one.value: ClusterLine(one) for one in clusters}
    start, end = min(one.first_seen for one in clusters), max(one.last_seen for one in clusters)
    within = (Condition("EmailClusterId", Operator.EQUAL_ANY, tuple(lines)),)
    query = Query("EmailEvents", start - AROUND, end + AROUND, within)
    for row in lake.summed(query, by=BY, measures=(Measure("Copies"),)):
        if line := lines.get(str(row["EmailClusterId"])):
            _count(line, row)
    return [line for line in lines.values() if line.copies]


def _count(line: ClusterLine, row: Mapping[str, Any]) -> None:
    copies, threats = int(row["Copies"]), lake.values_of(row, "ThreatTypes")
    sure = "High" in lake.values_of(row, "ConfidenceLevel")
    location = row["LatestDeliveryLocation"] or ""
    line.copies += copies
    line.malware += copies if "Malware" in threats else 0
    line.sure_phish += copies if "Phish" in threats and sure else 0
    line.phish += copies if "Phish" in threats and not sure else 0
    line.spam += copies if "Spam" in threats else 0
    line.inside += copies if location in IN_MAILBOX else 0
    line.outside += copies if location == OUTSIDE else 0
