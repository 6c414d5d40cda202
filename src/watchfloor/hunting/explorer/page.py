"""What Explorer's templates are given, part by part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from watchfloor.hunting.explorer.catalogue import (
    CAMPAIGNS,
    PRESETS,
    VIEWS,
    pivots_of,
)
from watchfloor.hunting.explorer.charting import chart_part
from watchfloor.hunting.explorer.columns import MAIL
from watchfloor.hunting.explorer.contracts import Filter, Reader
from watchfloor.hunting.explorer.editing import done, found_at, place_of
from watchfloor.hunting.explorer.filters import typed_words
from watchfloor.hunting.explorer.grid import wider
from watchfloor.hunting.explorer.offering import uncounted
from watchfloor.hunting.explorer.properties import operators_for, properties
from watchfloor.hunting.explorer.showing import SHOWN
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.hunting.explorer.values import Asked, address
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Operator

Context = dict[str, Any]


def shell(state: ExplorerState, *, editing: str = "", into: str = "") -> Context:
    """Everything that needs no lake: views, time, filters, the sentence, addresses of the parts."""
    edited = found_at(state.filters, place_of(editing)) if editing else None
    return {
        "state": state,
        "view_tabs": view_tabs(state),
        "presets": [(one, state.address(preset=one, page=1), one == state.preset) for one in PRESETS],
        "from_value": state.start.strftime("%Y-%m-%dT%H:%M"),
        "to_value": state.end.strftime("%Y-%m-%dT%H:%M"),
        "range_hidden": [pair for pair in state.parameters(page=1) if pair[0] not in ("range", "from", "to")],
        "hidden": state.parameters(page=1),
        "parts": parts_of(
            state.filters,
            edited=lambda more: f"{state.address()}&{more}",
            without=lambda place: done(state, f"remove:{place}").address(),
        ),
        "into": into,
        "into_words": group.words if (group := found_at(state.filters, place_of(into))) else "",
        "clear": state.address(filters=(), any_of=False, page=1),
        "match_all": state.address(any_of=False, page=1),
        "match_any": state.address(any_of=True, page=1),
        "sentence": sentence(state),
        "link": replace(state, preset=None).address(),
        "toggle": state.address(charted=not state.charted),
        "hunt": hunting_address(state),
        "condition_address": state.address("/explorer/condition"),
        "chart_address": state.address("/explorer/chart"),
        "results_address": state.address("/explorer/results"),
        "complete_address": f"{state.address()}&complete=1",
        "wider": wider(state),
        **condition_form(edited, table=state.view.table, place=editing),
    }


def hunting_address(state: ExplorerState) -> str:
    """The same question in hunting, as KQL, run at once; it says its own times."""
    return f"/hunting?{urlencode({'query': lake.kql(state.query), 'range': 'query', 'run': '1'})}"


def view_tabs(state: ExplorerState) -> list[tuple[str, str, str]]:
    """The views, each with the same question asked in it; that of campaigns has a page of its own, which reads the question too."""
    tabs = [(one.key, one.label, state.in_view(one).address()) for one in VIEWS]
    question = state.in_view(VIEWS[0]).address().partition("?")[2]
    return [*tabs[:3], ("campaigns", "Campaigns", f"{CAMPAIGNS}?{question}"), *tabs[3:]]


def parts_of(
    filters: Sequence[Filter], *, edited: Callable[[str], str], without: Callable[[str], str]
) -> list[Mapping[str, Any]]:
    """The conditions of a question as `part` draws them."""
    return [part(str(number), one, edited=edited, without=without) for number, one in enumerate(filters)]


def part(place: str, one: Filter, *, edited: Callable[[str], str], without: Callable[[str], str]) -> Mapping[str, Any]:
    """One condition with the addresses that edit and remove it, or one group with its parts.

    `edited` gives the page's address with one parameter more, `without` the one from which a place was taken out.
    """
    inner = (part(f"{place}.{number}", below, edited=edited, without=without) for number, below in enumerate(one.parts))
    return {
        "place": place,
        "words": one.words,
        "error": one.error,
        "notes": "; ".join(one.notes),
        "any_of": one.any_of,
        "negated": one.negated,
        "group": bool(one.parts),
        "parts": list(inner),
        "remove": without(place),
        "edit": f"{edited(f'edit={place}')}#filter",
        "more": f"{edited(f'into={place}')}#filter",
    }


def condition_form(edited: Filter | None, *, place: str, table: str = MAIL) -> Context:
    """The filter bar's own fields: empty, or holding the condition that is being edited."""
    condition = edited.asked if edited else None
    known = properties(table)
    chosen = known.get(condition.column) if condition else None
    groups = [(group, list(found)) for group, found in groupby(known.values(), key=lambda one: one.group)]
    return {
        "groups": groups,
        "chosen": chosen,
        "operators": operators_for(chosen.column, table=table) if chosen else tuple(Operator),
        "operator": condition.operator if condition else Operator.EQUAL_ANY,
        "values": condition.values if condition else (),
        "offered": uncounted(chosen),
        "typed": typed_words(condition.values, operator=condition.operator) if condition else "",
        "editing": place if condition else "",
    }


def typed_again(typed: QueryDict, *, table: str = MAIL) -> Context:
    """What a person typed into the filter bar, shown again beside what is wrong with it."""
    chosen = properties(table).get(typed.get("property", ""))
    return {
        "chosen": chosen,
        "operators": operators_for(chosen.column, table=table) if chosen else tuple(Operator),
        "operator": typed.get("operator", ""),
        "values": tuple(typed.getlist("value")),
        "offered": uncounted(chosen),
        "typed": ", ".join(typed.getlist("value")),
    }


def spoken(label: str) -> str:
    """A label inside a sentence: “delivery action”, but “URL domain”."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def sentence(state: ExplorerState) -> str:
    """The state in words, as a person would say it (house rule 8)."""
    joint = " or " if state.any_of else " and "
    where = joint.join(one.words for one in state.filters if not one.error)
    if state.preset:
        time = f"of the last {state.preset.label}"
    else:
        time = f"from {state.start:%Y-%m-%d %H:%M} to {state.end:%Y-%m-%d %H:%M} UTC"
    return (
        f"{state.view.description}, {time}{', where ' + where if where else ''}; shown by {spoken(state.pivot.label)}."
    )


def chart(state: ExplorerState) -> Context:
    """The chart's part; a query that the lake refuses or cannot finish says so in its place."""
    context: Context = {
        "state": state,
        "pivots": [
            (one, state.address(pivot=one, page=state.page), one == state.pivot) for one in pivots_of(state.view)
        ],
        "chart_csv": state.address("/explorer/chart.csv"),
        "values_address": address(state, Asked(state.pivot.column)),
        "click": f"{state.address()}&exactly={{series}}" if state.narrowable else "",
    }
    try:
        drawn = chart_part(state)
        return context | {"chart": drawn, "chart_title": f"{state.pivot.label}, {state.view.counted} {drawn.step}"}
    except WatchfloorError as error:
        return context | {"chart_error": error}


def results(state: ExplorerState, reader: Reader) -> Context:
    """The tab's part, as `showing.SHOWN` says."""
    shown = SHOWN[state.tab.key]
    context: Context = {
        "state": state,
        "result_tabs": [(one.key, one.label, state.address(tab=one, page=1, own=())) for one in state.view.tabs],
        "tab_template": shown.template,
        "question": state.parameters(page=1),
    }
    try:
        return context | dict(shown.context(state, reader))
    except WatchfloorError as error:
        return context | {"results_error": error}
