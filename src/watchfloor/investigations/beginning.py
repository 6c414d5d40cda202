"""Starting an investigation by hand: of a mail, a person, an alert (AI-20, AI-21, AI-52)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.identities.selectors import names_of, ours_among
from watchfloor.incidents import selectors as incidents
from watchfloor.investigations import services
from watchfloor.investigations.contracts import Cause, Seeds
from watchfloor.investigations.playbook import playbook_of, started_by
from watchfloor.investigations.triggers import cause_of
from watchfloor.investigations.views import actor_of, reason_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.kernel.text import few, some
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

MOST = 100
CARRIED = ("row", "message", "person", "name", "sender", "alert")
BACK = timedelta(days=30)
"""Mails of a sender from outside are looked for so far back."""
ABOUT = {"mails": "The mails", "recipients": "Their recipients", "senders": "Their senders"}
"""What rows of a grid may be looked into for (AI-20, AI-21)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants looked into, in words; `choices` are what else the same rows could be looked into for."""

    cause: Cause
    words: str
    choices: tuple[tuple[str, str], ...] = ()
    about: str = ""


def read_wanted(parameters: QueryDict, *, by: Actor, now: datetime) -> Wanted:
    """`row` (grids' mails) with `about` (mails, recipients, senders), `message`, `person` (number), `name` (address), `sender`
    (address) or `alert`. Raises BadInput, NotFound."""
    if alert := parameters.get("alert", ""):
        return _of_alert(alert, by)
    if rows := _once(parameters.getlist("row")):
        return _of_rows(rows, parameters.get("about", ""), now=now)
    if messages_ := _once(parameters.getlist("message")):
        return _of_mails(messages_, now=now)
    people = _once(one for one in parameters.getlist("name") if "@" in one)
    for number in parameters.getlist("person"):
        people += names_of(int(number)).addresses if number.isdecimal() and len(number) < 18 else ()
    if people:
        return _of_people(tuple(dict.fromkeys(people))[:MOST])
    if senders := _once(one for one in parameters.getlist("sender") if "@" in one):
        return _of_senders(senders, now=now)
    raise BadInput("name a mail, a person or a sender to look into", place="row")


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip().lower() for one in values if one.strip()))[:MOST]


def _of_rows(rows: tuple[str, ...], about: str, *, now: datetime) -> Wanted:
    """Rows are <NetworkMessageId>|<recipient>."""
    mails = _once(one.partition("|")[0] for one in rows)
    recipients = _once(one.partition("|")[2] for one in rows if "@" in one)
    senders = _senders_of(mails, now=now)
    about = about if about in ABOUT else "mails"
    if about == "recipients" and recipients:
        found = _of_people(recipients)
    elif about == "senders" and senders:
        found = _of_senders(senders, now=now)
    else:
        found, about = _of_mails(mails, now=now), "mails"
    known = {"mails": mails, "recipients": recipients, "senders": senders}
    choices = tuple((key, f"{ABOUT[key]}: {_few(values)}") for key, values in known.items() if values)
    return replace(found, choices=choices, about=about)


def _few(values: tuple[str, ...]) -> str:
    """“3”, or whom, while they can be named."""
    return values[0] if len(values) == 1 and "@" in values[0] else f"{len(values):,}"


def _of_mails(mails: tuple[str, ...], *, now: datetime) -> Wanted:
    words = "1 mail" if len(mails) == 1 else f"{len(mails):,} mails"
    return Wanted(Cause("manual-mail", f"{now.isoformat()}", f"By hand: {words}", Seeds(messages=mails)), words)


def _of_people(people: tuple[str, ...]) -> Wanted:
    cause = Cause("user-compromise", f"user:{people[0]}", f"By hand: {people[0]}", Seeds(people=people))
    return Wanted(cause, few(people, most=5))


def _of_senders(senders: tuple[str, ...], *, now: datetime) -> Wanted:
    """Our own people as people; others by their address, with the newest mails they sent, if any (AI-39e)."""
    ours = ours_among(senders, if_unset=False)
    own = tuple(one for one in senders if one in ours)
    if own:
        return _of_people(own)
    sent = Condition("SenderFromAddress", Operator.EQUAL_ANY, senders)
    rows = lake.rows(Query("EmailEvents", now - BACK, now, (sent,)), columns=("NetworkMessageId",), limit=MOST * 20)
    mails = _once(str(row["NetworkMessageId"]) for row in rows)
    newest = f"and its newest {some(len(mails), 'mail')}" if mails else f"which sent no mail within {BACK.days} days"
    seeds = Seeds(messages=mails, senders=senders)
    name = f"By hand: {senders[0]}"
    return Wanted(Cause("manual-sender", f"sender:{senders[0]}", name, seeds), f"{few(senders, most=3)}, {newest}")


def _senders_of(mails: tuple[str, ...], *, now: datetime) -> tuple[str, ...]:
    """Who sent these mails; one query."""
    wanted = Condition("NetworkMessageId", Operator.EQUAL_ANY, mails)
    query = Query("EmailEvents", now - timedelta(days=400), now, (wanted,))
    return _once(value for value, _ in lake.top(query, column="SenderFromAddress", limit=MOST) if "@" in value)


def _of_alert(alert_id: str, by: Actor) -> Wanted:
    alert = incidents.alert_for(alert_id, by=by)
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
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form: what is looked into, by which playbook, and why; a fly-out when htmx asks. Grids post their rows here."""
    parameters = request.POST if request.method == "POST" else request.GET
    base = "ui/flyout.html" if getattr(request, "htmx", None) else "ui/page.html"
    context: dict[str, object] = {"base": base, "carried": _carried(parameters)}
    try:
        wanted = read_wanted(parameters, by=actor_of(request), now=utc_now())
    except WatchfloorError as error:
        context["error"] = error.message if context["carried"] else ""
        return render(request, "investigations/new.html", context)
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
        wanted = read_wanted(request.POST, by=actor_of(request), now=now)
        found = services.start(by=actor_of(request), cause=wanted.cause, reason=reason_of(request), at=now)
    except WatchfloorError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect("/investigations")
    return HttpResponseRedirect(found.href)


def _carried(parameters: QueryDict) -> list[tuple[str, str]]:
    return [(name, value[:500]) for name in CARRIED for value in parameters.getlist(name)[:MOST]]
