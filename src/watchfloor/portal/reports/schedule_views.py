"""Schedules: what is sent, when next, what became of the last one."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.connectors.selectors import outgoing_mail
from watchfloor.connectors.services import can_send
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.portal.models import Schedule
from watchfloor.portal.reports import schedules
from watchfloor.portal.reports.answering import sentence
from watchfloor.portal.reports.asking import address, asked
from watchfloor.portal.reports.catalogue import report_of
from watchfloor.portal.reports.forms import ScheduleForm
from watchfloor.portal.reports.views import AskedRequest

LIST = "/reports/schedules"


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def all_schedules(request: AskedRequest) -> HttpResponse:
    """Every schedule with its next and its last turn."""
    found = Schedule.objects.select_related("owner")
    lines = [(one, report_of(one.report), outgoing_mail(one.last_key) if one.last_key else None) for one in found]
    context = {"lines": lines, "may_schedule": request.actor.may(schedules.MAY), "can_send": can_send()}
    return render(request, "portal/reports/schedules.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.REPORT_SCHEDULE)
def schedule(request: AskedRequest, key: str) -> HttpResponse:
    """Schedule a report as it is shown, or request it once."""
    report = report_of(key)
    if report is None:
        raise Http404
    one = asked(report, request.GET.dict(), now=utc_now())
    form = ScheduleForm(request.POST or None, initial={"name": report.title, "recipients": request.user.email})
    if request.method == "POST" and form.is_valid():
        try:
            parameters = urlencode(one.parameters)
            given = form.schedule()
            made = schedules.add_schedule(by=request.actor, report=key, parameters=parameters, now=utc_now(), **given)
        except BadInput as error:
            form.add_error(
                {"to": "recipients"}.get(error.place, error.place if error.place in form.fields else None),
                error.message,
            )
        else:
            once = made.period == "once"
            messages.success(request, f"“{made.name}” {'is being made' if once else 'is scheduled'}.")
            return redirect(LIST)
    context = {"one": one, "form": form, "sentence": sentence(one), "back": address(one), "can_send": can_send()}
    return render(request, "portal/reports/schedule.html", context, status=400 if form.errors else 200)


@require_POST
@requires(Permission.REPORT_SCHEDULE)
def remove(request: AskedRequest, id: int) -> HttpResponse:
    """Send it no more."""
    try:
        schedules.remove_schedule(by=request.actor, id=id)
    except NotFound:
        raise Http404 from None
    messages.success(request, "The schedule is removed.")
    return redirect(LIST)


@require_POST
@requires(Permission.REPORT_SCHEDULE)
def switch(request: AskedRequest, id: int) -> HttpResponse:
    """Pause, or go on."""
    try:
        found = schedules.switch_schedule(by=request.actor, id=id, now=utc_now())
    except NotFound:
        raise Http404 from None
    messages.success(request, f"“{found.name}” {'goes on' if found.enabled else 'is paused'}.")
    return redirect(LIST)
