"""Clicks on links in a campaign's mails: what each met, and who clicked (CA-15, CA-16)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.hunting.campaigns.figures import click_rows
from watchfloor.hunting.campaigns.noting import CLUSTER
from watchfloor.hunting.models import KnownCampaign
from watchfloor.identities.selectors import people_by_address
from watchfloor.kernel.text import visible
from watchfloor.lake.contracts import Condition, Operator, Query

ALLOWED, BLOCKED, OVERRIDDEN = "Allowed", "BlockPage", "BlockPageOverride"
PENDING, PENDING_OVERRIDDEN = "PendingDetonationPage", "PendingDetonationPageOverride"
VERDICTS = (ALLOWED, OVERRIDDEN, PENDING_OVERRIDDEN, PENDING, BLOCKED)
"""The worst first: what lets a person through stands before what stops him."""
TONES = {ALLOWED: "danger", OVERRIDDEN: "danger", PENDING_OVERRIDDEN: "danger", PENDING: "warning", BLOCKED: "success"}
SHOWN = 500
READ = ("AccountUpn", "Url", "ActionType", "IsClickedThrough")


@dataclass(frozen=True, slots=True)
class Click:
    """One click as the tab shows it."""

    at: datetime
    address: str
    name: str
    tags: tuple[str, ...]
    url: str
    verdict: str
    tone: str


def verdict_of(row: Mapping[str, Any]) -> str:
    """What the click met, of the five values of the page; a block page that was passed is an override."""
    said = "".join(str(row["ActionType"]).lower().split())
    through = bool(row["IsClickedThrough"])
    if "pending" in said:
        return PENDING_OVERRIDDEN if through or "override" in said else PENDING
    if "block" in said or "errorpage" in said:
        return OVERRIDDEN if through or "override" in said else BLOCKED
    return ALLOWED


def worst(verdicts: Iterable[str]) -> str:
    """The one that let most through."""
    return min(verdicts, key=VERDICTS.index)


def clicks_on(campaign: KnownCampaign, query: Query) -> list[dict[str, Any]]:
    """Clicks on the campaign's mails since the query's start, the newest first."""
    ids = Condition(CLUSTER, Operator.EQUAL_ANY, tuple(map(str, campaign.ids)))
    return click_rows(query.start, query.end, clusters=ids, columns=READ)


def shown(rows: Iterable[Mapping[str, Any]]) -> list[Click]:
    """The newest as the tab shows them, with names and tags of the people."""
    first = [row for _, row in zip(range(SHOWN), rows, strict=False)]
    people = people_by_address(row["AccountUpn"] for row in first)
    return [_click(row, people.get(str(row["AccountUpn"]).lower())) for row in first]


def _click(row: Mapping[str, Any], known: Any) -> Click:
    verdict = verdict_of(row)
    return Click(
        at=row["Timestamp"],
        address=visible(row["AccountUpn"]),
        name=visible(known.name) if known else "",
        tags=tuple(map(visible, known.tags)) if known else (),
        url=visible(row["Url"]),
        verdict=verdict,
        tone=TONES[verdict],
    )
