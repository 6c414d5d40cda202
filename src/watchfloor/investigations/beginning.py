"""Starting an investigation by hand: of a mail, a person, an alert (AI-20, AI-21, AI-52)."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.identities.selectors import names_of
from watchfloor.incidents import selectors as incidents
from watchfloor.investigations import services
from watchfloor.investigations.contracts import Cause, Seeds
from watchfloor.investigations.playbook import playbook_of, started_by
from watchfloor.investigations.triggers import cause_of
from watchfloor.investigations.views import actor_of, reason_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError

MOST = 100
CARRIED = ("row", "message", "person", "name", "alert")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants looked into, in words."""

    cause: Cause
    words: str


def read_wanted(parameters: QueryDict, *, now: datetime) -> Wanted:
    """`row` (grids' mails), `message`, `person` (number), `name` (address) or `alert`. Raises BadInput, NotFound."""
    if alert := parameters.get("alert", ""):
        return _of_alert(alert)
    messages_wanted = [one.partition("|")[0] for one in parameters.getlist("row")] + parameters.getlist("message")
    messages_ = tuple(dict.fromkeys(one.strip().lower() for one in messages_wanted if one.strip()))[:MOST]
    people = tuple(one.strip().lower() for one in parameters.getlist("name") if "@" in one)
    for number in parameters.getlist("person"):
        people += names_of(int(number)).addresses if number.isdecimal() and len(number) < 18 else ()
    people = tuple(dict.fromkeys(people))[:MOST]
    if messages_:
        words = "1 mail" if len(messages_) == 1 else f"{len(messages_):,} mails"
        return Wanted(Cause("manual-mail", f"{now.isoformat()}", f"By hand: {words}", Seeds(messages=messages_)), words)
    if people:
        cause = Cause("user-compromise", f"user:{people[0]}", f"By hand: {people[0]}", Seeds(people=people))
        return Wanted(cause, ", ".join(people[:5]))
    raise BadInput("choose a mail or a person to look into", place="row")


def _of_alert(alert_id: str) -> Wanted:
    alert = incidents.alert(alert_id)
    playbook = started_by(alert.rule_id)
    if playbook is None:
        people = any(
            item.type == "user" and item.role == "compromised" for item in incidents.evidence_items(alert=alert_id)
        )
        playbook = playbook_of("user-compromise" if people else "manual-mail")
    return Wanted(
        cause_of(alert_id, playbook, title=alert.title, incident=str(alert.incident_id)), f"the alert “{alert.title}”"
    )


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_GET
def new(request: HttpRequest) -> HttpResponse:
    """The form: what is looked into, by which playbook, and why; a fly-out when htmx asks."""
    base = "ui/flyout.html" if getattr(request, "htmx", None) else "ui/page.html"
    context: dict[str, object] = {"base": base, "carried": _carried(request.GET)}
    try:
        wanted = read_wanted(request.GET, now=utc_now())
    except WatchfloorError as error:
        return render(request, "investigations/new.html", {**context, "error": error.message})
    context |= {"wanted": wanted, "playbook": playbook_of(wanted.cause.playbook)}
    if not wanted.cause.seeds:
        context["error"] = "Its evidence names no mail, URL or person to look into."
    return render(request, "investigations/new.html", context)


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Begin, and lead to its page."""
    now = utc_now()
    try:
        wanted = read_wanted(request.POST, now=now)
        found = services.start(by=actor_of(request), cause=wanted.cause, reason=reason_of(request), at=now)
    except WatchfloorError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect("/investigations")
    return HttpResponseRedirect(found.href)


def _carried(parameters: QueryDict) -> list[tuple[str, str]]:
    return [(name, value[:500]) for name in CARRIED for value in parameters.getlist(name)[:MOST]]
