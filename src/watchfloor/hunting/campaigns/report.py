"""The threat report of a campaign: its whole life on A4, as a PDF (CA-19)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.hunting.campaigns import clicks, flow, one_page
from watchfloor.hunting.campaigns.feedback import said_about
from watchfloor.hunting.campaigns.one_state import CampaignState, life_of
from watchfloor.hunting.campaigns.one_tabs import TABLES, TabTable
from watchfloor.hunting.campaigns.why import why
from watchfloor.hunting.models import KnownCampaign
from watchfloor.inspection import services as inspection
from watchfloor.ui.services import printed

audit_verb("campaign.report", "{actor} made the threat report of campaign {target}")

PRINTED_ROWS = 25
TITLES = {"ips": "Sender IPs", "senders": "Senders", "attachments": "Attachments", "urls": "URLs"}


def report(*, campaign: KnownCampaign, by: Actor, now: datetime, to_pdf: Callable[[str], bytes] | None = None) -> bytes:
    """The report as a PDF. Raises what the renderer raises when no Chromium is there."""
    with audited(
        by=by,
        permission=Permission.EMAIL_METADATA_READ,
        verb="campaign.report",
        target_type="campaign",
        target=str(campaign.pk),
    ) as result:
        html = document(campaign, by=by, now=now)
        made = (to_pdf or inspection.print_pdf)(html)
        result["after"] = {"bytes": len(made)}
    return made


def document(campaign: KnownCampaign, *, by: Actor, now: datetime) -> str:
    """The report as a self-contained page."""
    return printed("hunting/campaigns/print.html", content(campaign), by=by.name, at=now)


def content(campaign: KnownCampaign) -> dict[str, Any]:
    """Everything of the campaign's page, over its whole life."""
    state = CampaignState(campaign, *life_of(campaign))
    counts = flow.paths(campaign, state.query)
    rows = clicks.clicks_on(campaign, state.query)
    head = one_page.head(state)
    head["timeline"].pop("brush")
    return {
        "campaign": campaign,
        **head,
        "flow": flow.drawn(counts),
        "flow_words": flow.in_words(counts),
        "clicks": clicks.shown(rows)[:PRINTED_ROWS],
        "click_total": len(rows),
        "tables": [(TITLES[key], _cut(make(state))) for key, make in TABLES.items()],
        "why": why(state),
        "said": said_about(campaign.pk),
    }


def _cut(table: TabTable) -> TabTable:
    rest = max(0, len(table.lines) - PRINTED_ROWS)
    return replace(table, lines=table.lines[:PRINTED_ROWS], more=table.more + rest)


def file_name(campaign: KnownCampaign) -> str:
    """As campaign-3f9a2c-2026-11-20.pdf: the mark of its name, the day of its first mail."""
    return f"campaign-{campaign.pk & 0xFFFFFF:06x}-{campaign.first_at:%Y-%m-%d}.pdf"
