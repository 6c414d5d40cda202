"""The state of the campaigns page, read from its address and written to it: Explorer's time and conditions, and what is its own.

Its own parameters: `type`, `subtype`, `q` (text), `grouping`, `by` (what the chart is split by), `show` (list or origin), `rank`,
`order`, `page`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from watchfloor.hunting.campaigns.known import GROUPINGS, TYPES, Wanted
from watchfloor.hunting.explorer import catalogue
from watchfloor.hunting.explorer.contracts import Pivot
from watchfloor.hunting.explorer.state import OWN, ExplorerState, page_number, read_state

HOME = "/campaigns"
DEFAULT_RANGE = "30d"
EXPLORERS_ALONE = frozenset({"view", "pivot", "tab", "sort", "order", "page", "pick", "except", *OWN})
"""Parameters of Explorer that mean nothing here."""

TYPE, NAME, SUBTYPE = (
    Pivot("type", "Campaign type"),
    Pivot("name", "Campaign name"),
    Pivot("subtype", "Campaign subtype"),
)
OWN_PIVOTS = (TYPE, NAME, SUBTYPE)
PIVOTS = (
    *OWN_PIVOTS,
    catalogue.SENDER_DOMAIN,
    catalogue.SENDER_IP,
    catalogue.DELIVERY,
    catalogue.DETECTION,
    catalogue.URL,
    catalogue.URL_DOMAIN,
    catalogue.URL_PATH,
)
SHOWN = (("list", "Campaigns"), ("origin", "Campaign origin"))
RANKS = ("name", "type", "subtype", "recipients", "targeted", "inboxed", "clicked", "rate", "visited", "last")
NAMED = frozenset({"name", "type", "subtype"})
"""Ranks that begin at their least value."""


@dataclass(frozen=True, slots=True)
class CampaignsState:
    """Everything the page depends on besides the data. `asked` is Explorer's part of it."""

    asked: ExplorerState
    type: str = ""
    subtype: str = ""
    text: str = ""
    grouping: str = ""
    pivot: Pivot = TYPE
    shown: str = "list"
    rank: str = "recipients"
    descending: bool = True
    page: int = 1

    @property
    def wanted(self) -> Wanted:
        one = self.asked
        return Wanted(one.start, one.end, self.type, self.subtype, self.text, self.grouping)

    @property
    def filtered(self) -> bool:
        """Whether anything but time narrows the list."""
        return bool(self.asked.filters or self.type or self.subtype or self.text or self.grouping)

    @property
    def own(self) -> list[tuple[str, str]]:
        """What this page adds to Explorer's part, defaults left out."""
        said = (
            ("type", self.type, ""),
            ("subtype", self.subtype, ""),
            ("q", self.text, ""),
            ("grouping", self.grouping, ""),
            ("by", self.pivot.column, TYPE.column),
            ("show", self.shown, "list"),
            ("rank", self.rank, "recipients"),
            ("order", "desc" if self.descending else "asc", "desc"),
            ("page", str(self.page), "1"),
        )
        return [(name, value) for name, value, default in said if value != default]

    def parameters(self, **changes: Any) -> list[tuple[str, str]]:
        """The state as parameters; `changes` are fields of this record."""
        state = replace(self, **changes)
        explorers = [pair for pair in state.asked.parameters() if pair[0] not in EXPLORERS_ALONE]
        return [pair for pair in explorers if pair != ("range", DEFAULT_RANGE)] + state.own

    def address(self, path: str = HOME, **changes: Any) -> str:
        pairs = self.parameters(**changes)
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def explored(self, **changes: Any) -> str:
        """This page with another part of Explorer's."""
        return self.address(asked=replace(self.asked, **changes), page=1)

    def asking(self, asked: ExplorerState) -> str:
        """This page with another question in Explorer's part."""
        return self.address(asked=asked, page=1)

    def hidden(self, *leaving_out: str) -> Sequence[tuple[str, str]]:
        """The state as fields of a form that sets the named ones itself."""
        return [pair for pair in self.parameters(page=1) if pair[0] not in leaving_out]


def read_campaigns_state(parameters: QueryDict, *, now: datetime) -> CampaignsState:
    """The state an address asks for; what is unknown falls back to its default. Raises BadInput for too many conditions."""
    given = parameters.copy()
    if not (given.get("from") and given.get("to")):
        given.setdefault("range", DEFAULT_RANGE)
    pivot = next((one for one in PIVOTS if one.column == parameters.get("by")), TYPE)
    rank = parameters.get("rank", "")
    return CampaignsState(
        asked=read_state(given, now=now),
        type=_one_of(TYPES, parameters.get("type")),
        subtype=parameters.get("subtype", "")[:200],
        text=" ".join(parameters.get("q", "").split())[:200],
        grouping=_one_of(GROUPINGS, parameters.get("grouping")),
        pivot=pivot,
        shown=_one_of([key for key, _ in SHOWN], parameters.get("show")) or "list",
        rank=rank if rank in RANKS else "recipients",
        descending=parameters.get("order") != "asc",
        page=page_number(parameters.get("page", "1")),
    )


def _one_of(known: Any, text: str | None) -> str:
    return text if text in known and text else ""
