"""Where the mails of an incident's evidence lie now: what actions on mail have done about it (IN-36)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from watchfloor.detection.contracts import EvidenceType
from watchfloor.incidents.contracts import EvidenceItem
from watchfloor.incidents.explorer import AROUND
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

MOST = 5000
COLUMNS = ("NetworkMessageId", "LatestDeliveryLocation")


def with_locations(items: Sequence[EvidenceItem]) -> tuple[EvidenceItem, ...]:
    """The items, mails with the newest location of their copies: “Inbox/folder”, “3 × Junk folder, 1 × Inbox/folder”; one lake query."""
    mails = [item for item in items if item.type == EvidenceType.ANALYZED_MESSAGE]
    if not mails:
        return tuple(items)
    wanted = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(item.value for item in mails))
    start = min(item.first_seen for item in mails) - AROUND
    end = max(item.last_seen for item in mails) + AROUND
    found: dict[str, Counter[str]] = {}
    for row in lake.rows(Query("EmailEvents", start, end, (wanted,)), columns=COLUMNS, limit=MOST):
        found.setdefault(row["NetworkMessageId"], Counter())[row["LatestDeliveryLocation"] or "Unknown"] += 1
    return tuple(replace(item, lies=_words(found.get(item.value))) if item in mails else item for item in items)


def _words(places: Counter[str] | None) -> str:
    if not places:
        return ""
    if len(places) == 1:
        return next(iter(places))
    return ", ".join(f"{number:,} × {place}" for place, number in places.most_common())
