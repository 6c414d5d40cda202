"""Settings > Verdict policy: threshold, silenced reasons, back-test."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.intelligence import services
from watchfloor.intelligence.backtesting import AT_ONCE, result_of, run_of
from watchfloor.intelligence.contracts import BackTest, LabelKind, Proposal
from watchfloor.intelligence.forms import ProposalForm, ThresholdForm
from watchfloor.intelligence.selectors import known_signals, verdict_policy
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Conflict, NotFound
from watchfloor.kernel.text import visible
from watchfloor.lake.contracts import TooSlow
from watchfloor.lake.selectors import history_state
from watchfloor.ui.services import render_page

PAGE = "/settings/verdict-policy"
BIN = 0.5
LABELS = [("", "not labelled"), *((kind.value, kind.label) for kind in LabelKind)]


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_READ)
def policy(request: HttpRequest) -> HttpResponse:
    """The policy in force; with the right, another threshold, and the form of a back-test."""
    known, may = verdict_policy(), request.actor.may(Permission.DETECTION_TUNE)  # type: ignore[attr-defined]
    form = ThresholdForm(request.POST if request.method == "POST" else None, initial={"threshold": known.threshold})
    if request.method == "POST" and form.is_valid():
        services.change_threshold(by=request.actor, now=utc_now(), **form.cleaned_data)  # type: ignore[attr-defined]
        messages.success(
            request, f"From {form.cleaned_data['threshold']:g} points on a mail is a threat, from the next mail on."
        )
        return redirect(PAGE)
    silenced = [one.signal for one in known.silenced]
    signals = known_signals()
    context = {
        "policy": known,
        "form": form,
        "try_form": ProposalForm(
            initial={"threshold": known.threshold, "days": 30, "silenced": silenced}, prefix="try"
        ),
        "silenced": [(one, *signals.get(one.signal, (0, "A reason of an earlier version"))) for one in known.silenced],
        "signals": [(name, *said) for name, said in signals.items() if name not in silenced],
        "history": history_state(now=utc_now()),
        "may_change": may,
    }
    return render(request, "intelligence/policy.html", context, status=400 if form.errors else 200)


@require_POST
@requires(Permission.DETECTION_TUNE)
def try_policy(request: HttpRequest) -> HttpResponse:
    """Hold a proposal against stored mail: the answer itself, or a job's progress when it takes longer."""
    form, now = ProposalForm(request.POST, prefix="try"), utc_now()
    if not form.is_valid():
        wrong = [f"{form[name].label}: {' '.join(map(str, errors))}" for name, errors in form.errors.items()]
        return _shown(request, {"wrong": wrong}, status=400)
    proposal = form.proposal()
    actor = request.actor  # type: ignore[attr-defined]
    try:
        found = services.back_test(by=actor, proposal=proposal, now=now, timeout=AT_ONCE)
    except TooSlow:
        id = services.ask_for_back_test(by=actor, proposal=proposal, now=now)
        return _shown(request, {"run": run_of(id)})
    return _shown(request, _result(request, found, proposal))


@require_GET
@requires(Permission.DETECTION_TUNE)
def progress(request: HttpRequest, id: str) -> HttpResponse:
    """How far a back-test is, with what it has found so far."""
    try:
        run = run_of(id)
    except NotFound as error:
        return _shown(request, {"wrong": [error.message]}, status=404)
    proposal = Proposal(run.threshold, frozenset(run.silenced), run.days)
    context = _result(request, result_of(run), proposal) if run.done else {}
    return _shown(request, context | ({} if run.ended else {"run": run}))


def _shown(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render_page(
        request, "intelligence/back_test_page.html", context, fragment="intelligence/back_test.html", status=status
    )


def _result(request: HttpRequest, found: BackTest, proposal: Proposal) -> dict[str, Any]:
    reads = request.actor.may(Permission.EMAIL_METADATA_READ)  # type: ignore[attr-defined]
    examples = [{**row, "Subject": visible(row["Subject"])} for row in found.examples] if reads else []
    return {
        "found": found,
        "proposal": proposal,
        "split": [(label, found.gained.get(key, 0), found.lost.get(key, 0)) for key, label in LABELS],
        "chart": histogram(found, proposal.threshold),
        "examples": examples,
        "may_read": reads,
    }


def histogram(found: BackTest, threshold: float) -> dict[str, Any]:
    """Scores in half points up to 15, mails that were harmless and that were threats, and the threshold as a mark."""
    counts = {score: (harmless, threats) for score, harmless, threats in found.bins}
    highest = max([threshold + 1, *counts])
    steps = [BIN * place for place in range(int(highest / BIN) + 1)]
    return {
        "categories": [f"{step:g}" for step in steps],
        "series": [
            {"name": "Harmless when judged", "values": [counts.get(step, (0, 0))[0] for step in steps], "tone": "info"},
            {"name": "Threat when judged", "values": [counts.get(step, (0, 0))[1] for step in steps], "tone": "danger"},
        ],
        "mark": {"category": f"{threshold // BIN * BIN:g}", "label": f"threshold {threshold:g}"},
    }


@require_POST
@requires(Permission.DETECTION_TUNE)
def silence(request: HttpRequest) -> HttpResponse:
    """Silence one reason, or let it count again (`restore`)."""
    signal, now = request.POST.get("signal", "")[:60], utc_now()
    try:
        if "restore" in request.POST:
            services.restore_reason(by=request.actor, signal=signal, now=now)  # type: ignore[attr-defined]
            messages.success(request, f"“{signal}” counts again, from the next mail on.")
        else:
            note = request.POST.get("note", "")[:2000]
            services.silence_reason(by=request.actor, signal=signal, note=note, now=now)  # type: ignore[attr-defined]
            messages.success(request, f"“{signal}” counts nothing from the next mail on.")
    except (BadInput, Conflict, NotFound) as error:
        messages.error(request, error.message)
    return redirect(back_to(request, PAGE))


def back_to(request: HttpRequest, otherwise: str) -> str:
    """The page the form stood on, when it is one of ours."""
    back = request.POST.get("back", "")
    return back if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None) else otherwise
