"""What the campaigns page shows, part by part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from watchfloor.hunting.campaigns import chart, origin
from watchfloor.hunting.campaigns.feedback import spoken
from watchfloor.hunting.campaigns.figures import Figures, figures, tagged
from watchfloor.hunting.campaigns.known import GROUPINGS, MOST, TYPES, campaigns, subtypes
from watchfloor.hunting.campaigns.noting import MAIL
from watchfloor.hunting.campaigns.state import NAMED, OWN_PIVOTS, PIVOTS, SHOWN, CampaignsState
from watchfloor.hunting.explorer import page as explorer
from watchfloor.hunting.explorer.catalogue import PRESETS
from watchfloor.hunting.explorer.editing import done, found_at, place_of
from watchfloor.hunting.models import KnownCampaign
from watchfloor.identities.contracts import PRIORITY
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.kernel.text import visible

Context = dict[str, Any]
SIZE = 50


@dataclass(frozen=True, slots=True)
class Head:
    """One column: `rank` sorts by it, `help` says what it counts."""

    label: str
    rank: str = ""
    help: str = ""
    number: bool = False


HEADS = (
    Head("Name", "name"),
    Head("Sample subject"),
    Head("Type", "type"),
    Head("Subtype", "subtype", "The malware family, or the brand or person the mails pretend to be"),
    Head("Tags", help="How many recipients carry a tag, as Priority account"),
    Head("Recipients", "recipients", "People who were sent these mails", number=True),
    Head("Targeted", "targeted", "Recipients of all people known here", number=True),
    Head("Inboxed", "inboxed", "People who had one in the inbox at delivery", number=True),
    Head("Clicked", "clicked", "People who clicked on a link in one of them", number=True),
    Head("Click rate", "rate", "Clicked of inboxed; for phish only", number=True),
    Head("Visited", "visited", "People who got through to the page; blocked clicks do not count", number=True),
    Head("Last mail", "last"),
    Head("Grouping", help="What people said about how its mails were grouped"),
)
KEYS: Mapping[str, Any] = {
    "name": lambda one: one.campaign.name.casefold(),
    "targeted": lambda one: one.recipients,
    "type": lambda one: one.campaign.threat,
    "subtype": lambda one: one.campaign.subtype.casefold(),
    "recipients": lambda one: one.recipients,
    "inboxed": lambda one: one.inboxed,
    "clicked": lambda one: one.clicked,
    "rate": lambda one: -1.0 if one.click_rate is None else one.click_rate,
    "visited": lambda one: one.visited,
    "last": lambda one: one.campaign.last_at,
}


def shell(state: CampaignsState, *, editing: str = "", into: str = "") -> Context:
    """Everything that needs no lake: time, filters, the sentence, the addresses of the parts."""
    asked = state.asked
    edited = found_at(asked.filters, place_of(editing)) if editing else None
    group = found_at(asked.filters, place_of(into)) if into else None
    return {
        "state": state,
        "presets": [(one, state.explored(preset=one), one == asked.preset) for one in PRESETS],
        "from_value": asked.start.strftime("%Y-%m-%dT%H:%M"),
        "to_value": asked.end.strftime("%Y-%m-%dT%H:%M"),
        "range_hidden": state.hidden("range", "from", "to"),
        "own_hidden": state.hidden("type", "subtype", "q", "grouping"),
        "hidden": state.hidden(),
        "parts": explorer.parts_of(
            asked.filters,
            edited=lambda more: _with(state.address(), more),
            without=lambda place: state.asking(done(state.asked, f"remove:{place}")),
        ),
        "into": into if group else "",
        "into_words": group.words if group else "",
        "match_all": state.explored(any_of=False),
        "match_any": state.explored(any_of=True),
        "clear": cleared(state),
        "types": TYPES,
        "subtypes": subtypes(),
        "groupings": GROUPINGS.items(),
        "sentence": sentence(state),
        "address": state.address(),
        "save_address": _with(state.address("/trackers/new", page=1), "view=campaigns"),
        "chart_address": state.address("/campaigns/chart"),
        "results_address": state.address("/campaigns/results"),
        "complete_address": _with(state.address(), "complete=1"),
        **explorer.condition_form(edited, table=MAIL, place=editing),
    }


def _with(address: str, parameter: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{parameter}"


def sentence(state: CampaignsState) -> str:
    """The state in words."""
    asked = state.asked
    if asked.preset:
        time = f"mail of the last {asked.preset.label}"
    else:
        time = f"mail from {asked.start:%Y-%m-%d %H:%M} to {asked.end:%Y-%m-%d %H:%M} UTC"
    kind = f"{state.type} campaigns" if state.type else "Campaigns"
    said = [f"of {visible(state.subtype)}"] if state.subtype else []
    said += [f"named or about “{visible(state.text)}”"] if state.text else []
    said += [f"whose grouping somebody {state.grouping}"] if state.grouping else []
    joint = " or " if asked.any_of else " and "
    where = joint.join(one.words for one in asked.filters if not one.error)
    return f"{' '.join([kind, *said])} in {time}{', where ' + where if where else ''}."


def _known(state: CampaignsState) -> list[KnownCampaign]:
    return campaigns(state.wanted)


def chart_part(state: CampaignsState) -> Context:
    """The chart; a query that the lake refuses or cannot finish says so in its place."""
    context: Context = {
        "state": state,
        "pivots": [(one, state.address(pivot=one), one == state.pivot) for one in PIVOTS],
        "chart_csv": state.address("/campaigns/chart.csv"),
        "counted": "recipients" if state.pivot in OWN_PIVOTS else "messages",
    }
    try:
        known = _known(state)
        found = chart.counted(state, known) if known else None
    except WatchfloorError as error:
        return context | {"chart_error": error}
    return context | {"chart": chart.drawn(found) if found and found.series else None}


def results(state: CampaignsState) -> Context:
    """The current tab."""
    context: Context = {
        "state": state,
        "result_tabs": [(key, label, state.address(shown=key, page=1)) for key, label in SHOWN],
        "clear": cleared(state),
        "export": state.address("/campaigns/export.csv"),
    }
    try:
        known = _known(state)
        if state.shown == "origin":
            found = origin.countries(state.asked.query, known)
            return context | {"countries": found, "map": origin.drawn(found), "any": _any(known)}
        return context | _table(state, ranked(state, known)) | {"any": _any(known), "most": _most(known)}
    except WatchfloorError as error:
        return context | {"results_error": error}


def cleared(state: CampaignsState) -> str:
    return replace(state, type="", subtype="", text="", grouping="").explored(filters=(), any_of=False)


def _any(known: Sequence[KnownCampaign]) -> bool:
    return bool(known) or KnownCampaign.objects.exists()


def _most(known: Sequence[KnownCampaign]) -> int:
    return MOST if len(known) == MOST else 0


def ranked(state: CampaignsState, known: Sequence[KnownCampaign]) -> list[Figures]:
    """Every campaign with its figures, in the order asked for; names break ties."""
    found = sorted(figures(state.asked.query, known), key=lambda one: one.campaign.name)
    return sorted(found, key=KEYS[state.rank], reverse=state.descending)


def _table(state: CampaignsState, lines: Sequence[Figures]) -> Context:
    first = (state.page - 1) * SIZE
    shown = lines[first : first + SIZE]
    said = spoken(one.campaign.pk for one in shown)
    tags = tagged(state.asked.query, [one.campaign for one in shown])
    return {
        "lines": [
            {
                "line": one,
                "href": one.campaign.href,
                "grouping": said.get(one.campaign.pk),
                "tags": [
                    (visible(tag), number, tag == PRIORITY) for tag, number in tags.get(one.campaign.pk, {}).items()
                ],
            }
            for one in shown
        ],
        "heads": [_head(state, one) for one in HEADS],
        "total": len(lines),
        "size": SIZE,
        "pager_href": state.address(page=1),
    }


def _head(state: CampaignsState, one: Head) -> Mapping[str, Any]:
    current = bool(one.rank) and one.rank == state.rank
    turned = not state.descending if current else one.rank not in NAMED
    href = state.address(rank=one.rank, descending=turned, page=1) if one.rank else ""
    return {"head": one, "href": href, "sorted": ("descending" if state.descending else "ascending") if current else ""}
