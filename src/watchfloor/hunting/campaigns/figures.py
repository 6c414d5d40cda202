"""The figures of campaigns: recipients, inboxed, clicked, visited. However many campaigns, it is three questions to the lake."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from watchfloor.hunting.campaigns.noting import CLUSTER, MAIL
from watchfloor.hunting.models import KnownCampaign
from watchfloor.identities.contracts import PRIORITY
from watchfloor.identities.selectors import addresses_by_tag, directory_version
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Measure, Operator, Query

CLICKS = "UrlClickEvents"
INBOX = ("Inbox/folder",)
PEOPLE = Measure("recipients", "distinct", "RecipientEmailAddress")
REACHED = Measure("inboxed", "distinct", "RecipientEmailAddress", where=("DeliveryLocation", INBOX))
MAILS = Measure("messages")
MOST_CLICKS = 50_000
MOST_TAGS = 10
"""Tags that are counted: that of priority accounts, then those that most people carry."""
CLICK_TIME = timedelta(days=30)
"""How long after the end of the time a click still belongs to a mail in it."""


@dataclass(frozen=True, slots=True)
class Clicks:
    """Who clicked on links in a campaign's mails, and who got through to the page."""

    clicked: frozenset[str] = frozenset()
    visited: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Figures:
    """One campaign with its figures under the page's conditions; people are counted once. `people` is how many the house knows."""

    campaign: KnownCampaign
    messages: int
    recipients: int
    inboxed: int
    clicked: int
    visited: int
    people: int = 0

    @property
    def click_rate(self) -> float | None:
        """Clicked of inboxed, for phish only (CA-04); None where nobody had it in the inbox."""
        if self.campaign.threat != "Phish" or not self.inboxed:
            return None
        return min(1.0, self.clicked / self.inboxed)

    @property
    def targeted(self) -> float | None:
        """Recipients of all people known here (CA-05); None where no directory is connected."""
        return min(1.0, self.recipients / self.people) if self.people else None

    @property
    def targeted_words(self) -> str:
        return "–" if self.targeted is None else f"{self.targeted:.1%}"

    @property
    def rate_words(self) -> str:
        return "–" if self.click_rate is None else f"{self.click_rate:.0%}"


def narrowed(query: Query, campaigns: Iterable[KnownCampaign]) -> Query:
    """The query, of mails of these campaigns only."""
    ids = tuple(str(name) for one in campaigns for name in one.ids)
    return replace(query, required=(*query.required, Condition(CLUSTER, Operator.EQUAL_ANY, ids)))


def joined(campaigns: Iterable[KnownCampaign]) -> dict[int, int]:
    """Which EmailClusterId counts as which campaign, where they differ."""
    return {name: one.pk for one in campaigns for name in one.ids if name != one.pk}


def figures(query: Query, campaigns: Sequence[KnownCampaign]) -> list[Figures]:
    """The figures of each campaign that has mails in `query`."""
    if not campaigns:
        return []
    inside, same = narrowed(query, campaigns), joined(campaigns)
    rows = lake.summed(inside, by=(CLUSTER,), measures=(MAILS, PEOPLE, REACHED), same=same)
    by_campaign = {row[CLUSTER]: row for row in rows}
    clicks = clicks_by_campaign(inside, same)
    people, _ = directory_version()
    return [
        _of(one, by_campaign[one.pk], clicks.get(one.pk, Clicks()), people)
        for one in campaigns
        if one.pk in by_campaign
    ]


def _of(one: KnownCampaign, row: Mapping[str, Any], clicks: Clicks, people: int) -> Figures:
    counts = row["messages"], row["recipients"], row["inboxed"]
    return Figures(one, *counts, len(clicks.clicked), len(clicks.visited), people)


def tagged(query: Query, campaigns: Sequence[KnownCampaign]) -> dict[int, dict[str, int]]:
    """By campaign, how many of its recipients carry which tag; priority accounts first. One question to the lake for each tag."""
    if not campaigns:
        return {}
    inside, same = narrowed(query, campaigns), joined(campaigns)
    carried = sorted(addresses_by_tag().items(), key=lambda one: (one[0] != PRIORITY, -len(one[1]), one[0]))
    found: dict[int, dict[str, int]] = {}
    for tag, addresses in carried[:MOST_TAGS]:
        theirs = Condition("RecipientEmailAddress", Operator.EQUAL_ANY, addresses)
        asked = replace(inside, required=(*inside.required, theirs))
        for row in lake.summed(asked, by=(CLUSTER,), measures=(PEOPLE,), same=same):
            found.setdefault(row[CLUSTER], {})[tag] = row["recipients"]
    return found


def clicks_by_campaign(inside: Query, same: Mapping[int, int]) -> dict[int, Clicks]:
    """Clicks on mails of the query by campaign: the clicks are few, so their mails are asked for by id."""
    rows = click_rows(inside.start, inside.end, clusters=_clusters(inside), columns=("AccountUpn", "IsClickedThrough"))
    if not rows:
        return {}
    of_mail = cluster_of_mail(inside, {row["NetworkMessageId"] for row in rows})
    clicked: dict[int, set[str]] = {}
    visited: dict[int, set[str]] = {}
    for row in rows:
        name = of_mail.get(row["NetworkMessageId"])
        if name is not None:
            root = same.get(name, name)
            clicked.setdefault(root, set()).add(row["AccountUpn"])
            if row["IsClickedThrough"]:
                visited.setdefault(root, set()).add(row["AccountUpn"])
    return {name: Clicks(frozenset(people), frozenset(visited.get(name, ()))) for name, people in clicked.items()}


def _clusters(inside: Query) -> Condition:
    return next(one for one in inside.required if one.column == CLUSTER)


def click_rows(start: datetime, end: datetime, *, clusters: Condition, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Clicks on mails of these clusters, the newest first."""
    theirs = replace(clusters, column=f"{MAIL}.{CLUSTER}")
    query = Query(CLICKS, start, end + CLICK_TIME, required=(theirs,))
    wanted = ("Timestamp", "NetworkMessageId", *columns)
    return lake.rows(query, columns=wanted, limit=MOST_CLICKS)


def cluster_of_mail(inside: Query, ids: Iterable[str]) -> dict[str, int]:
    """The cluster of each of these mails that the query finds."""
    only = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(sorted(ids)))
    query = replace(inside, required=(*inside.required, only))
    rows = lake.summed(query, by=("NetworkMessageId", CLUSTER), measures=(MAILS,))
    return {row["NetworkMessageId"]: row[CLUSTER] for row in rows}
