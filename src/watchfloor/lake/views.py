"""The page that shows how much is kept, and for how long."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.contracts import TableState
from watchfloor.lake.selectors import table_states
from watchfloor.lake.services import LONGEST_DAYS, set_retention


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
    field: forms.BoundField

    @property
    def rows(self) -> int:
        return self.state.hot_rows + self.state.cold_rows

    @property
    def days(self) -> int:
        """Days from the oldest to the newest row, both counted."""
        state = self.state
        return (state.newest.date() - state.oldest.date()).days + 1 if state.newest and state.oldest else 0

    @property
    def bytes_a_day(self) -> int:
        return self.state.bytes // self.days if self.days else 0


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
    lines = [Line(state, form[state.name]) for state in states]
    context = {"lines": lines, "form": form, "may_change": actor.may(Permission.CONNECTION_MANAGE)}
    return render(request, "lake/retention.html", context, status=400 if form.errors else 200)
