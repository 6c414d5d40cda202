"""Settings > Allow/block list (TB-01)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.intelligence import services
from watchfloor.intelligence.contracts import Effect, Kind, Life
from watchfloor.intelligence.entries import lives_of
from watchfloor.intelligence.forms import EntryForm, IndicatorForm
from watchfloor.intelligence.selectors import EntryFilter, entries, entry_lines, entry_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Conflict, NotFound
from watchfloor.kernel.text import csv_line

LIST = "/settings/allow-block-list"
SIZE = 50
TABS: dict[str, tuple[str, tuple[Kind, ...], tuple[Effect, ...]]] = {
    "senders": ("Domains & addresses", (Kind.SENDER, Kind.DOMAIN), (Effect.BLOCK, Effect.ALLOW)),
    "urls": ("URLs", (Kind.URL,), (Effect.BLOCK, Effect.ALLOW)),
    "files": ("Files", (Kind.FILE,), (Effect.BLOCK, Effect.ALLOW)),
    "ips": ("IP addresses", (Kind.IP,), (Effect.BLOCK, Effect.ALLOW)),
    "indicators": ("Indicators", (), (Effect.INDICATOR,)),
}
STATES = {"active": "In force", "soon": "Ending within 7 days", "ended": "Ended", "all": "All"}
HEADS = (
    "Entry", "About", "Value", "Note", "Source", "Confidence", "Added by", "Added", "Ends", "Last used", "Mails",
)  # fmt: skip


def _asked(request: HttpRequest) -> tuple[str, EntryFilter]:
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "senders"
    state = request.GET.get("state", "active")
    _, kinds, effects = TABS[tab]
    return tab, EntryFilter(
        kinds, effects, state if state in STATES else "active", request.GET.get("q", "").strip()[:200]
    )


@require_GET
@requires(Permission.SETTINGS_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """One tab of the list, filtered, a page at a time."""
    now, (tab, wanted) = utc_now(), _asked(request)
    page = Paginator(entries(wanted, now=now), SIZE).get_page(request.GET.get("page"))
    kept = urlencode({"tab": tab, "state": wanted.state, "q": wanted.text})
    context = {
        "tab": tab,
        "tab_items": [(key, label, f"{LIST}?tab={key}") for key, (label, _, _) in TABS.items()],
        "wanted": wanted,
        "states": STATES.items(),
        "lines": list(entry_lines(page.object_list, now=now)),
        "now": now,
        "page": page.number,
        "total": page.paginator.count,
        "size": SIZE,
        "here": f"{LIST}?{kept}",
        "export": f"{LIST}/export.csv?{kept}",
        "add": f"{LIST}/add?kind={TABS[tab][1][0] if TABS[tab][1] else 'domain'}",
        "may_change": request.actor.may(Permission.DETECTION_TUNE),  # type: ignore[attr-defined]
        "filtered": bool(wanted.text) or wanted.state != "active",
    }
    return render(request, "intelligence/list.html", context)


@require_GET
@requires(Permission.SETTINGS_READ)
def export(request: HttpRequest) -> HttpResponse:
    """The filtered list as CSV."""
    _, wanted = _asked(request)
    answer: Any = StreamingHttpResponse(
        _lines(wanted),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="allow-block-list.csv"'},
    )
    return answer  # type: ignore[no-any-return]


def _lines(wanted: EntryFilter) -> Iterator[str]:
    now = utc_now()
    yield csv_line(HEADS)
    for one in entry_lines(entries(wanted, now=now).iterator(chunk_size=2000), now=now):
        moments = (one.expires_at or "never", one.last_used_at or "", one.uses)
        who = (one.note, one.source, one.confidence, one.added_by, one.added_at)
        yield csv_line((one.effect.label, one.kind.label, one.value, *who, *moments))


@require_http_methods(["GET", "POST"])
@requires(Permission.DETECTION_TUNE)
def add(request: HttpRequest) -> HttpResponse:
    """A new entry; the address may fill the form in (kind, value, effect, note, email)."""
    filled = {name: request.GET[name][:1000] for name in EntryForm.base_fields if name in request.GET}
    form = EntryForm(request.POST or None, initial={"effect": "block", **filled})
    if request.method == "POST" and form.is_valid():
        try:
            name = services.add_entry(by=request.actor, now=utc_now(), **form.entry())  # type: ignore[attr-defined]
        except (BadInput, Conflict) as error:
            form.add_error(error.place if error.place in form.fields else None, error.message)
        else:
            messages.success(request, f"“{name}” applies to the next mail.")
            return redirect(f"{LIST}?tab={_tab_of(form.cleaned_data['kind'], form.cleaned_data['effect'])}")
    return render(request, "intelligence/add.html", {"form": form}, status=400 if form.errors else 200)


def _tab_of(kind: str, effect: str) -> str:
    return next(
        key
        for key, (_, kinds, effects) in TABS.items()
        if Effect(effect) in effects and (not kinds or Kind(kind) in kinds)
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.DETECTION_TUNE)
def import_list(request: HttpRequest) -> HttpResponse:
    """Indicators, pasted."""
    form = IndicatorForm(request.POST or None)
    outcome = None
    if request.method == "POST" and form.is_valid():
        said = {**form.cleaned_data, "life": Life(form.cleaned_data["life"])}
        try:
            outcome = services.import_indicators(by=request.actor, now=utc_now(), **said)  # type: ignore[attr-defined]
        except BadInput as error:
            form.add_error(error.place if error.place in form.fields else None, error.message)
    context = {"form": form, "outcome": outcome, "refused": outcome.refused[:50] if outcome else ()}
    return render(request, "intelligence/import.html", context, status=400 if form.errors else 200)


@require_GET
@requires(Permission.SETTINGS_READ)
def entry(request: HttpRequest, id: int) -> HttpResponse:
    """One entry in the fly-out."""
    row, now = entry_of(id), utc_now()
    if row is None:
        return render(request, "intelligence/gone.html", status=404)
    line = next(entry_lines([row], now=now))
    context = {
        "line": line,
        "now": now,
        "ended": line.expires_at is not None and line.expires_at <= now,
        "lives": [(life.value, life.label) for life in lives_of(line.kind, line.effect)],
        "may_change": request.actor.may(Permission.DETECTION_TUNE),  # type: ignore[attr-defined]
        "entry_facts": [
            ("Effect", line.effect.label),
            ("About", line.kind.label),
            ("Value", line.value),
            ("Note", line.note),
            ("Source", line.source),
            ("Confidence", line.confidence),
            ("Added by", line.added_by),
            ("Added", line.added_at),
            ("Ends", line.expires_at or "Never"),
            ("Last used", line.last_used_at or "Not yet"),
            ("Mails that met it", f"{line.uses:,}", line.explorer),
            ("Made from the email", row.email, f"/email/{row.email}" if row.email else ""),
        ],
    }
    return render(request, "intelligence/entry.html", context)


@require_POST
@requires(Permission.DETECTION_TUNE)
def change(request: HttpRequest, id: int) -> HttpResponse:
    """Another end, an end now (`life` is "now"), or gone (`life` is "remove")."""
    life, now = request.POST.get("life", ""), utc_now()
    row = entry_of(id)
    tab = _tab_of(row.kind, row.effect) if row else "senders"
    try:
        if life == "remove":
            said = f"“{services.remove_entry(by=request.actor, id=id, now=now)}” is removed."  # type: ignore[attr-defined]
        elif life == "now":
            said = f"“{services.expire_entry(by=request.actor, id=id, now=now)}” has ended."  # type: ignore[attr-defined]
        elif life in set(Life):
            name = services.change_life(by=request.actor, id=id, life=Life(life), now=now)  # type: ignore[attr-defined]
            said = f"“{name}” lasts: {Life(life).label}."
        else:
            raise BadInput("choose how long the entry lasts", place="life")
        messages.success(request, said)
    except (BadInput, NotFound) as error:
        messages.error(request, error.message)
    return redirect(f"{LIST}?tab={tab}")
