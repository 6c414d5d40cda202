"""The page that shows how much is kept, and for how long."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotFound
from watchfloor.lake.contracts import TableState
from watchfloor.lake.sealing import state_of as sealed_state
from watchfloor.lake.selectors import lake_place, table_states
from watchfloor.lake.services import LONGEST_DAYS, ask_to_compact, set_retention
from watchfloor.lake.sizes import Cost, chart_of, chart_of_all, cost_of, leaves_on
from watchfloor.lake.upkeep import MAINTAIN_EVERY
from watchfloor.ui.services import render_page


class RetentionForm(forms.Form):
    """Days for each table, one field per table."""

    def __init__(self, states: tuple[TableState, ...], data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        for state in states:
            self.fields[state.name] = forms.IntegerField(
                min_value=1, max_value=LONGEST_DAYS, initial=state.retention_days, label=f"Days to keep {state.name}"
            )


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the page."""

    state: TableState
    field: forms.BoundField | None
    cost: Cost

    @property
    def rows(self) -> int:
        return self.state.hot_rows + self.state.cold_rows

    @property
    def span(self) -> int:
        """Days from the oldest to the newest row, both counted."""
        state = self.state
        return (state.newest.date() - state.oldest.date()).days + 1 if state.newest and state.oldest else 0

    @property
    def leaves_on(self) -> date | None:
        return leaves_on(self.state)


@dataclass(frozen=True, slots=True)
class Totals:
    """All tables together; `free` bytes are left where the lake lies, None where that is no disk."""

    rows: int
    bytes: int
    a_day: Cost
    lag_seconds: float
    free: int | None


def _totals(lines: Sequence[Line], free: int | None) -> Totals:
    return Totals(
        rows=sum(line.rows for line in lines),
        bytes=sum(line.state.bytes for line in lines),
        a_day=Cost(
            sum(line.cost.rows for line in lines),
            sum(line.cost.bytes for line in lines),
            sum(line.cost.full for line in lines),
        ),
        lag_seconds=max((line.state.lag_seconds or 0 for line in lines), default=0),
        free=free,
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_READ)
def retention(request: HttpRequest) -> HttpResponse:
    """What each table holds; with the right to manage connections, how many days it is kept."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    states = table_states(now=utc_now())
    form = RetentionForm(states, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        for state in states:
            days = form.cleaned_data[state.name]
            if days != state.retention_days:
                set_retention(table=state.name, days=days, by=actor)
                messages.success(request, f"{state.name} is kept for {days} days.")
        return redirect("/settings/retention")
    today = utc_now().date()
    lines = [Line(state, form[state.name], cost_of(state, today=today)) for state in states]
    lines.sort(key=lambda line: (-line.state.bytes, -line.rows, line.state.name))
    place = lake_place()
    context = {
        "lines": lines,
        "form": form,
        "may_change": actor.may(Permission.CONNECTION_MANAGE),
        "place": place,
        "totals": _totals(lines, None if place.endpoint else shutil.disk_usage(settings.HOME).free),
        "chart": chart_of_all(states, today=today),
        "every": MAINTAIN_EVERY,
    }
    return render(request, "lake/retention.html", context, status=400 if form.errors else 200)


@require_safe
@requires(Permission.SETTINGS_READ)
def table(request: HttpRequest) -> HttpResponse:
    """One table: its rows by day, what it costs, what maintenance did last and does next."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    now = utc_now()
    state = next((one for one in table_states(now=now) if one.name == request.GET.get("name")), None)
    if state is None:
        raise NotFound(f"there is no table “{request.GET.get('name', '')}”")
    line = Line(state, None, cost_of(state, today=now.date()))
    done = state.upkeep
    context = {
        "line": line,
        "state": state,
        "chart": chart_of(state.days, today=now.date()),
        "sealed": sealed_state(state.name),
        "fast_days": settings.WATCHFLOOR.lake_fast_days,
        "files_a_day": max((one.files for one in state.days), default=0),
        "next_at": max(done.checked_at + MAINTAIN_EVERY, now) if done.checked_at else None,
        "may_change": actor.may(Permission.CONNECTION_MANAGE),
    }
    return render_page(request, "lake/table_page.html", context, fragment="lake/table_flyout.html")


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def compact(request: HttpRequest) -> HttpResponse:
    """Ask the worker to compact one table now."""
    name = request.POST.get("table", "")
    ask_to_compact(table=name, now=utc_now(), by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, f"{name} is compacted within the next minute.")
    return redirect("/settings/retention")
