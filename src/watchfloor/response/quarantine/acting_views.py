"""Asking what is to be done with the chosen mails, doing it, and how far it is."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotFound, WatchfloorError
from watchfloor.kernel.text import visible
from watchfloor.mail.services import suggested_password
from watchfloor.response.quarantine import acting, packing
from watchfloor.response.quarantine.acting import VERBS, Choice, Verb
from watchfloor.response.quarantine.allowing import LIVES
from watchfloor.response.quarantine.contracts import HELD, CopyStatus
from watchfloor.response.quarantine.models import QuarantinedCopy
from watchfloor.response.quarantine.page_models import BulkState, QuarantineBulk
from watchfloor.response.quarantine.selectors import copies_of
from watchfloor.response.quarantine.views import address_of
from watchfloor.response.submissions.contracts import Said
from watchfloor.ui.services import render_page

READ = Permission.QUARANTINE_READ
MOST_PICKED = 200
ACTS_ON: Mapping[str, Collection[str]] = {
    "release": HELD,
    "delete": HELD,
    "approve": {CopyStatus.REQUESTED},
    "deny": {CopyStatus.REQUESTED},
}
"""How a copy stands of which these verbs can pick some."""


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


@require_POST
@requires(READ)
def ask(request: Asked, verb: str) -> HttpResponse:
    """What will happen to how many mails, and what the verb wants to know."""
    found = VERBS.get(verb)
    if found is None:
        return _missing(request, "There is no such thing to do.")
    return _ask(request, found)


@require_POST
@requires(READ)
def do(request: Asked, verb: str) -> HttpResponse:
    """Do it; a few mails at once, many as a job."""
    found = VERBS.get(verb)
    if found is None:
        return _missing(request, "There is no such thing to do.")
    now = utc_now()
    try:
        mails, sentence = acting.chosen_mails(request.POST, by=request.actor, now=now, me=address_of(request.actor))
        choice = Choice(
            found,
            mails,
            sentence,
            request.POST.get("reason", ""),
            request.POST.get("password", ""),
            acting.options_of(found, request.POST),
        )
        job = acting.begin(by=request.actor, choice=choice, at=now)
    except WatchfloorError as error:
        return _ask(request, found, error=error.message)
    return render_page(
        request, "response/quarantine/job_page.html", shown(job), fragment="response/quarantine/job.html"
    )


@require_GET
@requires(READ)
def progress(request: Asked, job: UUID) -> HttpResponse:
    """How far a job is; polled while it runs."""
    try:
        found = acting.bulk_job(job, by=request.actor)
    except NotFound as error:
        return _missing(request, error.message)
    return render(request, "response/quarantine/progress.html", shown(found))


@require_GET
@requires(READ)
def file(request: Asked, job: UUID) -> HttpResponseBase:
    """The finished zip of a job of one's own."""
    try:
        found = acting.bulk_job(job, by=request.actor)
        if not found.file:
            raise NotFound("this download is over; ask for it again")
        data = (packing.folder() / found.file).open("rb")
    except NotFound as error:
        return _missing(request, error.message)
    except FileNotFoundError:
        return _missing(request, "this download is over; ask for it again")
    return FileResponse(data, as_attachment=True, filename="quarantine.zip", content_type="application/zip")


def shown(job: QuarantineBulk) -> dict[str, Any]:
    return {
        "job": job,
        "verb": VERBS[job.verb],
        "open": job.state in (BulkState.WAITING, BulkState.RUNNING),
        "noun": "mails" if job.verb in ("submit", "download") else "copies",
    }


def _ask(request: Asked, verb: Verb, *, error: str = "") -> HttpResponse:
    names: tuple[str, ...] = ("row", "pick", "query")
    try:
        mails, sentence = acting.chosen_mails(
            request.POST, by=request.actor, now=utc_now(), me=address_of(request.actor)
        )
    except WatchfloorError as wrong:
        return _missing(request, wrong.message)
    copies = _to_pick(request, verb, mails)
    if "picks" in request.POST and not copies:
        names = (*names, "picks", "copy")  # too many to tick one by one: they are carried on
    context = {
        "verb": verb,
        "count": len(mails),
        "sentence": sentence,
        "fields": [(name, value) for name in names for value in request.POST.getlist(name)],
        "said": [(one.value, one.label) for one in Said],
        "said_now": request.POST.get("said", ""),
        "password": request.POST.get("password") or suggested_password(),
        "weight": packing.weighed(mails).words if verb.key == "download" else "",
        "copies": copies,
        "carried": len(request.POST.getlist("copy")) if "copy" in names else 0,
        "lives": [(one.value, one.label) for one in LIVES] if request.actor.may(Permission.DETECTION_TUNE) else [],
        "reason": request.POST.get("reason", ""),
        "error": error,
    }
    return render_page(request, "response/quarantine/ask_page.html", context, fragment="response/quarantine/ask.html")


def _to_pick(request: HttpRequest, verb: Verb, mails: Sequence[int]) -> list[tuple[int, str, bool]]:
    """(copy, recipient, whether it is ticked) where one mail, or what was picked, has several copies to be acted on."""
    wanted, picks = ACTS_ON.get(verb.key), "picks" in request.POST
    if wanted is None or (len(mails) > 1 and not picks):
        return []
    held = [copy for copy in copies_of(mails)[: MOST_PICKED + 1] if copy.status in wanted]
    if len(held) > MOST_PICKED and len(mails) > 1:
        return []
    ticked = set(request.POST.getlist("copy")) if picks else {str(copy.pk) for copy in held}
    shown = [(copy.pk, _named(copy, mails), str(copy.pk) in ticked) for copy in held[:MOST_PICKED]]
    return shown if len(shown) > 1 else []


def _named(copy: QuarantinedCopy, mails: Sequence[int]) -> str:
    return visible(copy.recipient if len(mails) == 1 else f"{copy.recipient}: {copy.mail}")


def _missing(request: HttpRequest, words: str) -> HttpResponse:
    fragment = "response/quarantine/missing_flyout.html"
    return render_page(
        request,
        "response/quarantine/missing.html",
        {"error": words},
        fragment=fragment,
        status=200 if _htmx(request) else 404,
    )


def _htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))
