"""The state of one campaign's page: the part of its life that is looked at, and the tab; the address is the whole state (CA-11)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import QueryDict

from watchfloor.hunting.campaigns.noting import CLUSTER, MAIL
from watchfloor.hunting.explorer.state import moment, written
from watchfloor.hunting.models import KnownCampaign
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

TABS = (
    ("clicks", "URL clicks"),
    ("ips", "Sender IPs"),
    ("senders", "Senders"),
    ("attachments", "Attachments"),
    ("urls", "URLs"),
    ("grouping", "Why grouped"),
)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CampaignState:
    """`start` and `end` lie within the campaign's life, whole minutes in UTC; `narrowed` when they are not all of it."""

    campaign: KnownCampaign
    start: datetime
    end: datetime
    tab: str = "clicks"
    error: str = ""

    @property
    def life(self) -> tuple[datetime, datetime]:
        return life_of(self.campaign)

    @property
    def narrowed(self) -> bool:
        return (self.start, self.end) != self.life

    @property
    def query(self) -> Query:
        """The campaign's mails in the time that is looked at."""
        return Query(MAIL, self.start, self.end)

    @property
    def whole(self) -> Query:
        """The campaign's mails in its whole life."""
        return Query(MAIL, *self.life)

    def address(self, path: str = "", **changes: Any) -> str:
        """The state as an address; `changes` are fields of this record."""
        state = replace(self, **changes)
        pairs = [("from", written(state.start)), ("to", written(state.end))] if state.narrowed else []
        pairs += [("tab", state.tab)] if state.tab != TABS[0][0] else []
        return f"{state.campaign.href}{path}{'?' + urlencode(pairs) if pairs else ''}"

    def mails(self, *more: Condition) -> Query:
        """The mails in the time that is looked at, as a question of Explorer or of an action."""
        ids = Condition(CLUSTER, Operator.EQUAL_ANY, tuple(map(str, self.campaign.ids)))
        return Query(MAIL, self.start, self.end, (ids, *more))

    def explored(self, *more: Condition) -> str:
        """Explorer with these mails (CA-18)."""
        return f"/explorer?{lake.parameters_of(self.mails(*more))}"

    @property
    def action(self) -> str:
        """The wizard of actions with all these mails as one query."""
        pairs = parse_qsl(lake.parameters_of(self.mails()), keep_blank_values=True)
        return f"/actions/new?{urlencode([('scope', 'query'), *pairs])}"


def life_of(campaign: KnownCampaign) -> tuple[datetime, datetime]:
    """From the minute of its first mail to the end of that of its last."""
    ends = (campaign.first_at, campaign.last_at)
    first, last = (one.astimezone(UTC).replace(second=0, microsecond=0) for one in ends)
    return first, last + MINUTE


def read_campaign_state(campaign: KnownCampaign, parameters: QueryDict) -> CampaignState:
    """The state an address asks for; a time outside of the campaign's life is cut to it, one that is none is told."""
    first, last = life_of(campaign)
    start, end, error = first, last, ""
    try:
        start = max(first, moment(parameters.get("from", ""))) if parameters.get("from") else first
        end = min(last, moment(parameters.get("to", ""))) if parameters.get("to") else last
    except ValueError:
        start, end, error = first, last, "A time must look like 2026-11-22 14:30"
    if not start < end:
        start, end, error = first, last, "The end must come after the start, within the life of the campaign"
    keys = [key for key, _ in TABS]
    tab = parameters.get("tab", "")
    return CampaignState(campaign, start, end, tab if tab in keys else keys[0], error)
