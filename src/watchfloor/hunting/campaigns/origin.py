"""Where the mails of campaigns come from: sending addresses, by country, for the map and the table beside it (CA-02)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from watchfloor.hunting.campaigns.figures import MAILS, PEOPLE, narrowed
from watchfloor.hunting.models import KnownCampaign
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Query

MOST_ADDRESSES = 20_000
UNPLACED = "Unknown place"


@dataclass(slots=True)
class Country:
    """One country: how many mails came from how many of its addresses; `code` is "" for addresses that lie nowhere."""

    name: str
    code: str
    messages: int = 0
    addresses: list[str] = field(default_factory=list)


def countries(query: Query, campaigns: Sequence[KnownCampaign]) -> list[Country]:
    """The countries of the sending addresses, by mails: one question."""
    if not campaigns:
        return []
    rows = lake.summed(narrowed(query, campaigns), by=("SenderIP",), measures=(MAILS, PEOPLE))
    rows.sort(key=lambda row: -row["messages"])
    found: dict[str, Country] = {}
    rows = rows[:MOST_ADDRESSES]
    places = lake.whereabouts([row["SenderIP"] or "" for row in rows])
    for row, place in zip(rows, places, strict=True):
        code = place.code
        one = found.setdefault(code, Country(place.country if code else UNPLACED, code))
        one.messages += row["messages"]
        if row["SenderIP"]:
            one.addresses.append(row["SenderIP"])
    return sorted(found.values(), key=lambda one: (-one.messages, one.name))


def drawn(found: Sequence[Country]) -> dict[str, Any]:
    """The map as the kit's tag takes it, without those that lie nowhere."""
    named = [{"name": one.code, "label": visible(one.name), "value": one.messages} for one in found if one.code]
    return {"countries": named, "noun": "messages"}
