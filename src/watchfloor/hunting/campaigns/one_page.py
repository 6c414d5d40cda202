"""What the page of one campaign shows, part by part."""

from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.hunting.campaigns import clicks, flow
from watchfloor.hunting.campaigns.feedback import LONGEST_NOTE, said_about
from watchfloor.hunting.campaigns.figures import Figures, figures, narrowed, tagged
from watchfloor.hunting.campaigns.one_state import TABS, CampaignState
from watchfloor.hunting.campaigns.one_tabs import TABLES
from watchfloor.hunting.campaigns.why import why
from watchfloor.hunting.explorer.state import written
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Bucketed, Condition, Operator

Context = dict[str, Any]
INBOXED = Condition("DeliveryLocation", Operator.EQUAL_ANY, ("Inbox/folder",))
INTERNAL = Condition("EmailDirection", Operator.EQUAL_ANY, ("Intra-org",))
CROWD = 4
"""Names in a layer from which on the flow is drawn higher."""
TONES = {"Delivered": "danger", "Junked": "warning", "Blocked": "success", "Replaced": "success"}


def page(state: CampaignState, *, by: Actor) -> Context:
    """Everything but flow and tab, which come as fragments."""
    row = state.campaign
    context: Context = {
        "state": state,
        "campaign": row,
        "from_value": state.start.strftime("%Y-%m-%dT%H:%M"),
        "to_value": state.end.strftime("%Y-%m-%dT%H:%M"),
        "all_life": row.href,
        "flow_address": state.address("/flow"),
        "tab_address": state.address("/part"),
        "complete_address": _with(state.address(), "complete=1"),
        "explore": explore_links(state),
        "report": f"{row.href}/report.pdf",
        "may_act": by.may(Permission.EMAIL_ACTION_MANAGE) or by.may(Permission.EMAIL_ACTION_PROPOSE),
        "said": said_about(row.pk),
        "mine": next((one for one in said_about(row.pk) if one.person_id == by.id), None),
        "longest_note": LONGEST_NOTE,
    }
    try:
        return context | head(state)
    except WatchfloorError as error:
        return context | {"page_error": error}


def _with(address: str, parameter: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{parameter}"


def explore_links(state: CampaignState) -> list[tuple[str, str]]:
    """CA-18: all messages, those in inboxes, those from inside."""
    return [
        ("All messages", state.explored()),
        ("Inboxed messages", state.explored(INBOXED)),
        ("Internal messages", state.explored(INTERNAL)),
    ]


def head(state: CampaignState) -> Context:
    """Figures of the whole life, and its timeline."""
    found = figures(state.whole, [state.campaign])
    one = found[0] if found else None
    return {
        "figures": one,
        "tags": tagged(state.whole, [state.campaign]).get(state.campaign.pk, {}).items(),
        "facts": facts(state, one),
        "timeline": timeline(state),
    }


def facts(state: CampaignState, one: Figures | None) -> list[tuple[Any, ...]]:
    """CA-10, over the whole life."""
    row = state.campaign
    said: list[tuple[Any, ...]] = [
        ("Campaign ID", str(row.pk)),
        ("Activity", activity(state)),
        ("Impact", impact(one)),
        ("Targeted", targeted(one)),
    ]
    if row.subtype:
        said.append(("Subtype", visible(row.subtype)))
    return said


def activity(state: CampaignState) -> str:
    """How long it lasted, with its ends."""
    row = state.campaign
    lasted = row.last_at - row.first_at
    hours, minutes = divmod(int(lasted.total_seconds()) // 60, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    said = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in parts if count][:2]
    long = " ".join(said) or "less than a minute"
    return f"{long}, {row.first_at:%Y-%m-%d %H:%M} to {row.last_at:%Y-%m-%d %H:%M} UTC"


def impact(one: Figures | None) -> str:
    """What it did, in words."""
    if one is None:
        return "None of its mails is kept any more"
    reached = f"{one.inboxed:,} of {one.recipients:,} {'recipient' if one.recipients == 1 else 'recipients'} had it in the inbox"
    people = f"{one.clicked:,} {'person' if one.clicked == 1 else 'people'} clicked, {one.visited:,} got to the page"
    return f"{reached}; {people if one.clicked else 'nobody clicked'}"


def targeted(one: Figures | None) -> str:
    """The share of our own people; other organisations' mail is not known here (CA-05)."""
    if one is None or one.targeted is None:
        return "Unknown: connect a directory to compare with all people"
    return f"{one.targeted_words} of the {one.people:,} people known here"


def timeline(state: CampaignState) -> Context:
    """Mails over the whole life, by what was done with them; dragging over it chooses a time."""
    found: Bucketed = lake.over_time(narrowed(state.whole, [state.campaign]), pivot="DeliveryAction")
    pattern = "%m-%d" if found.step_seconds % 86400 == 0 else "%m-%d %H:%M" if found.step_seconds >= 60 else "%H:%M:%S"
    series = [
        {"name": visible(name) or "Unknown", "values": list(values), **({"tone": TONES[name]} if name in TONES else {})}
        for name, values in found.series.items()
    ]
    between = f"from=%7Bfrom%7D&to=%7Bto%7D{'&tab=' + state.tab if state.tab != TABS[0][0] else ''}"
    brush = {
        "starts": [written(moment) for moment in found.times],
        "end": written(state.life[1]),
        "href": f"{state.campaign.href}?{between}",
    }
    return {"categories": [moment.strftime(pattern) for moment in found.times], "series": series, "brush": brush}


def flow_part(state: CampaignState) -> Context:
    """The flow of the time that is looked at, drawn and in words."""
    context: Context = {"state": state, "layers": flow.LAYERS}
    try:
        counts = flow.paths(state.campaign, state.query)
    except WatchfloorError as error:
        return context | {"flow_error": error}
    drawn = flow.drawn(counts)
    crowded = max((len(flow.layer_totals(counts, layer)) for layer in range(len(flow.LAYERS))), default=0) > CROWD
    words = {"flow_words": flow.in_words(counts), "flow_height": "l" if crowded else "m"}
    return context | {"flow": drawn, "any": bool(counts), **words}


def tab_part(state: CampaignState) -> Context:
    """The current tab."""
    tabs = [(key, label, f"{state.address(tab=key)}#part") for key, label in TABS]
    context: Context = {"state": state, "tabs": tabs}
    try:
        return context | _tab(state)
    except WatchfloorError as error:
        return context | {"tab_error": error}


def _tab(state: CampaignState) -> Context:
    if state.tab == "clicks":
        rows = clicks.clicks_on(state.campaign, state.query)
        return {"clicks": clicks.shown(rows), "click_total": len(rows), "click_limit": clicks.SHOWN}
    if state.tab == "grouping":
        return {"why": why(state)}
    return {"table": TABLES[state.tab](state)}
