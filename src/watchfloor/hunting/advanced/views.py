"""The pages of advanced hunting: translate, nothing else."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.hunting.advanced import asking, page
from watchfloor.hunting.advanced.checking import completions, marks_of
from watchfloor.hunting.advanced.drafts import LONGEST
from watchfloor.hunting.advanced.exports import TYPES, as_csv, as_json, as_parquet
from watchfloor.hunting.advanced.formatting import formatted
from watchfloor.hunting.advanced.samples import Sample, sample, topics
from watchfloor.hunting.advanced.saving import query_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.ui.services import render_page


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def hunting(request: Asked) -> HttpResponse:
    """The query of the address (`query`, or a saved one by `saved`) with its time, and a panel; `run=1` runs it at once."""
    now = utc_now()
    parameters = {name: str(value) for name, value in request.GET.items()}
    saved = None
    if (key := parameters.get("saved", "")).isdecimal():
        saved = query_of(int(key), by=request.actor)
        parameters.setdefault("query", saved.text)
    elif slug := parameters.get("sample", ""):
        parameters.setdefault("query", _sample(slug).query)
    question = asking.read_question(parameters, now=now)
    context = page.shell(question, by=request.actor, panel=parameters.get("panel", ""))
    return render_page(
        request,
        "hunting/advanced.html",
        context | {"saved": saved, "run_now": bool(parameters.get("run") and question.text)},
    )


def _sample(slug: str) -> Sample:
    found = sample(slug)
    if found is None:
        raise NotFound(f"there is no sample query “{slug}”")
    return found


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def samples(request: Asked) -> HttpResponse:
    """The queries that come with the product, by topic."""
    return render_page(request, "hunting/advanced/samples.html", {"topics": topics()})


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def run(request: Asked) -> HttpResponse:
    """The answer as a fragment, or the whole page around it."""
    now = utc_now()
    try:
        question = asking.read_question(_posted(request), now=now)
    except BadInput as error:
        question = asking.read_question({}, now=now)
        told: asking.Found | asking.Refused = asking.Refused(error.message)
    else:
        told = asking.ask(question, by=request.actor, now=now)
    context = page.answer(question, told, by=request.actor)
    if request.headers.get("HX-Request"):
        return render(request, "hunting/advanced/answer.html", context)
    marks = told.marks if isinstance(told, asking.Refused) else ()
    whole = page.shell(question, by=request.actor, panel="schema", marks=marks)
    return render_page(request, "hunting/advanced.html", {**whole, **context, "marks": whole["marks"]})


def _posted(request: Asked) -> dict[str, str]:
    return {name: str(value) for name, value in request.POST.items()}


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def check(request: Asked) -> HttpResponse:
    """What is wrong with a query, with places: {"marks": [{start, end, words, kind}]}."""
    text = request.POST.get("query", "").replace("\r\n", "\n")
    return JsonResponse({"marks": [mark.plain() for mark in marks_of(text, by=request.actor, now=utc_now())]})


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def complete(request: Asked) -> HttpResponse:
    """What may stand at a place: {"items": [{label, kind, detail, insert, start, end}]}."""
    text = request.POST.get("query", "").replace("\r\n", "\n")
    typed = request.POST.get("position", "")
    position = min(int(typed), len(text)) if typed.isdecimal() else len(text)
    return JsonResponse({"items": completions(text, position, by=request.actor, now=utc_now())})


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def lay_out(request: Asked) -> HttpResponse:
    """The query with lines and indents of its own: {"text"}."""
    text = request.POST.get("query", "").replace("\r\n", "\n")
    return JsonResponse({"text": formatted(text) if len(text) <= LONGEST else text})


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def export(request: Asked) -> HttpResponse:
    """All rows of the query as a file, streamed without a cap."""
    now = utc_now()
    kind = request.POST.get("format", "csv")
    if kind not in TYPES:
        raise BadInput(f"“{kind}” is no kind of file; take {', '.join(TYPES)}", place="format")
    heads, batches = asking.batches(asking.read_question(_posted(request), now=now), by=request.actor, now=now)
    made: Any = {"csv": as_csv, "json": as_json, "parquet": as_parquet}[kind](heads, batches)
    answer: Any = StreamingHttpResponse(
        made,
        content_type=TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="hunting-{now:%Y%m%d-%H%M%S}.{kind}"'},
    )
    return answer  # type: ignore[no-any-return]
