"""Explorer's pages: the shell first, then chart and rows as fragments; one answer for all without JavaScript (`complete=1`)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.hunting.explorer import history, page
from watchfloor.hunting.explorer.charting import NOTHING, bucketed, counts_rows, time_label
from watchfloor.hunting.explorer.columns import grid_columns
from watchfloor.hunting.explorer.contracts import GridColumn, Reader
from watchfloor.hunting.explorer.editing import changed, done, found_at, place_of, with_part
from watchfloor.hunting.explorer.exporting import FORMATS, pieces
from watchfloor.hunting.explorer.filters import raw_of, read_filter, typed_condition
from watchfloor.hunting.explorer.offering import offered
from watchfloor.hunting.explorer.parts import chosen_columns
from watchfloor.hunting.explorer.properties import operators_for, properties
from watchfloor.hunting.explorer.rights import asked_by, readable
from watchfloor.hunting.explorer.state import ExplorerState, page_number, read_state
from watchfloor.hunting.services import choose_columns, choose_density, keep_export
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import csv_line
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import OTHER, Condition, Operator
from watchfloor.ui.services import render_page


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor
    user: Any


def _state(request: Asked) -> ExplorerState:
    return asked_by(read_state(request.GET, now=utc_now()), request.actor)


def _reader(request: Asked) -> Reader:
    return Reader(request.user, request.actor, utc_now())


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def explorer(request: Asked) -> HttpResponse:
    """The shell: views, time, filters, and the places for chart and rows."""
    state = _state(request)
    if "property" in request.GET:
        return _with_typed_filter(request, state)
    if "exactly" in request.GET:
        return HttpResponseRedirect(_clicked(request, state).address())
    if "do" in request.GET:
        return HttpResponseRedirect(done(state, request.GET["do"]).address())
    context = page.shell(state, editing=request.GET.get("edit", ""), into=request.GET.get("into", ""))
    if not request.GET:
        context["last"] = history.last(by=request.actor)
    referer = request.headers.get("Referer", "")
    history.remember(state, sentence=context["sentence"], referer=referer, by=request.actor, now=utc_now())
    if request.GET.get("complete"):
        context |= {"complete": True, **_complete(request, state)}
    return render_page(request, "hunting/explorer/page.html", context)


def _complete(request: Asked, state: ExplorerState) -> page.Context:
    """Chart and rows in one answer; the rows are not counted where the chart counted them."""
    drawn = page.chart(state) if state.charted else {}
    found = drawn["chart"].total if "chart" in drawn and counts_rows(state) else None
    return {**drawn, **_counted(request, state, page.results(state, replace(_reader(request), found=found)))}


def _with_typed_filter(request: Asked, state: ExplorerState) -> HttpResponse:
    """Take in what was typed into the filter bar and go to the address that holds it; what is wrong is shown where it was typed."""
    place, into = request.GET.get("editing", ""), request.GET.get("into", "")
    try:
        condition = typed_condition(
            column=request.GET["property"],
            operator=request.GET.get("operator", ""),
            typed=request.GET.getlist("value"),
            table=state.view.table,
        )
    except BadInput as error:
        if not request.GET["property"] and not any(request.GET.getlist("value")):
            return HttpResponseRedirect(state.address())
        context = (
            page.shell(state, editing=place, into=into)
            | page.typed_again(request.GET, table=state.view.table)
            | {"typed_error": error}
        )
        return render_page(request, "hunting/explorer/page.html", context)
    added = read_filter(raw_of(condition), table=state.view.table)
    if place and found_at(state.filters, place_of(place)):
        filters = changed(state.filters, place_of(place), lambda _: [added])
        return HttpResponseRedirect(state.address(filters=filters, page=1))
    return HttpResponseRedirect(with_part(state, added, into=place_of(into)).address())


def _clicked(request: Asked, state: ExplorerState) -> ExplorerState:
    """A click on a part of the chart: its pivot value becomes a filter; “Other” is not one value."""
    value = request.GET["exactly"]
    if value in (OTHER, "") or not state.narrowable:
        return state
    value = "" if value == NOTHING else value
    return state.with_filter(Condition(state.pivot.column, Operator.EQUAL_ANY, (value,)))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def chart(request: Asked) -> HttpResponse:
    """The chart as a fragment. Whoever looks at it may ask for the map next."""
    lake.warm()
    return render(request, "hunting/explorer/chart.html", page.chart(_state(request)))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def results(request: Asked) -> HttpResponse:
    """The current tab's rows as a fragment."""
    state = _state(request)
    return render(
        request,
        "hunting/explorer/results.html",
        _counted(request, state, page.results(state, _reader(request))),
    )


def _counted(request: Asked, state: ExplorerState, context: page.Context) -> page.Context:
    """The same context; how many rows there are is kept beside the question."""
    if "grid" in context:
        history.count_found(state, found=context["grid"].total, by=request.actor)
    return context


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def condition_fields(request: Asked) -> HttpResponse:
    """Operators and values that fit the chosen property, as a fragment of the filter bar."""
    state = _state(request)
    chosen = properties(state.view.table).get(request.GET.get("property", ""))
    operators = operators_for(chosen.column, table=state.view.table) if chosen else tuple(Operator)
    typed = "" if chosen and chosen.choices else request.GET.get("value", "")
    context = {"chosen": chosen, "operators": operators, "typed": typed, "offered": offered(state, chosen)}
    return render(request, "hunting/explorer/condition.html", context)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def chart_csv(request: Asked) -> HttpResponse:
    """TE-007: the chart's numbers, times down and pivot values across."""
    state = _state(request)
    found = bucketed(state)
    drawn = [csv_line(["Time (UTC)", *(name or NOTHING for name in found.series)])]
    for place, moment in enumerate(found.times):
        counts = (values[place] for values in found.series.values())
        drawn.append(csv_line([time_label(moment, step_seconds=found.step_seconds), *counts]))
    return _as_file(iter(drawn), name="explorer-chart.csv")


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def rows_csv(request: Asked) -> HttpResponse:
    """TE-010 without its cap: every row of the query, in the columns asked for (`column`), else the person's own."""
    state = _state(request)
    asked = set(request.GET.getlist("column"))
    columns = tuple(one for one in grid_columns(state.view.table) if one.key in asked)
    columns = columns or chosen_columns(request.user, table=state.view.table)
    return _export(state, readable(columns, request.actor), kind="csv")


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def export(request: Asked) -> HttpResponse:
    """The rows as a file of the chosen kind in the chosen columns, both kept for the next time."""
    state = _state(request)
    kind = request.POST.get("kind", "csv")
    if kind not in FORMATS:
        raise BadInput("choose a kind of file", place="kind")
    keys = request.POST.getlist("column")
    columns = keep_export(by=request.actor, person=request.user, keys=keys, kind=kind, table=state.view.table)
    return _export(state, readable(columns, request.actor), kind=kind)


def _export(state: ExplorerState, columns: tuple[GridColumn, ...], *, kind: str) -> HttpResponse:
    return _as_file(pieces(state, columns, kind=kind), name=f"explorer-{state.view.noun}s.{kind}", kind=kind)


def _as_file(text: Iterator[str] | Iterator[bytes], *, name: str, kind: str = "csv") -> HttpResponse:
    answer: Any = StreamingHttpResponse(
        text,
        content_type=FORMATS[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return answer  # type: ignore[no-any-return]


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def columns(request: Asked) -> HttpResponse:
    """Keep the chosen columns for this person and show the page again."""
    state = _state(request)
    keys = request.POST.getlist("column")
    choose_columns(by=request.actor, person=request.user, keys=keys, table=state.view.table)
    if "density" in request.POST:
        choose_density(by=request.actor, person=request.user, dense=request.POST["density"] == "dense")
    return HttpResponseRedirect(state.address())


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def selection(request: Asked) -> HttpResponse:
    """A whole query less the unticked rows: on to another page of it, or into an action.

    The form sends every row it showed (`shown`) and those still ticked (`row`), so that it works without JavaScript.
    """
    state = _state(request)
    left_out = state.left_out - set(request.POST.getlist("row"))
    left_out |= set(request.POST.getlist("shown")) - set(request.POST.getlist("row"))
    if request.POST.get("page"):
        return HttpResponseRedirect(state.address(left_out=left_out, page=page_number(request.POST["page"])))
    parameters = [("scope", "query"), *state.query_parameters, *(("except", key) for key in sorted(left_out))]
    return HttpResponseRedirect(f"/actions/new?{urlencode(parameters)}")
