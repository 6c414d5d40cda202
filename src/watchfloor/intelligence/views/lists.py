"""Settings > Allow/block list (TB-01)."""

from collections.abc import Iterator, Sequence
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
from watchfloor.intelligence.forms import EntryForm, IndicatorForm
from watchfloor.intelligence.lasting import LIVES, lives_of, read, told
from watchfloor.intelligence.many import NOW, REMOVE, REVIEW, Done
from watchfloor.intelligence.news import latest as latest_news
from watchfloor.intelligence.selectors import EntryFilter, entries, entry_lines, entry_of
from watchfloor.intelligence.uses import line_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Conflict, NotFound
from watchfloor.kernel.text import csv_line

LIST = "/settings/allow-block-list"
SIZE = 50
TABS: dict[str, tuple[str, tuple[Kind, ...], tuple[Effect, ...]]] = {
    "senders": ("Domains & addresses", (Kind.SENDER, Kind.DOMAIN), (Effect.BLOCK, Effect.ALLOW)),
    "spoofs": ("Spoofed senders", (Kind.SPOOF,), (Effect.BLOCK, Effect.ALLOW)),
    "urls": ("URLs", (Kind.URL,), (Effect.BLOCK, Effect.ALLOW)),
    "files": ("Files", (Kind.FILE,), (Effect.BLOCK, Effect.ALLOW)),
    "ips": ("IP addresses", (Kind.IP,), (Effect.BLOCK, Effect.ALLOW)),
    "trusted": ("Trusted", (Kind.SENDER, Kind.DOMAIN), (Effect.TRUST,)),
    "ending": ("Ending soon", (), (Effect.BLOCK, Effect.ALLOW)),
    "indicators": ("Indicators", (), (Effect.INDICATOR,)),
}
STATES = {
    "active": "In force",
    "soon": "Ending within 7 days",
    "review": "Due for review",
    "ended": "Ended",
    "all": "All",
}
HEADS = (
    "Entry", "About", "Value", "Note", "Source", "Confidence", "Added by", "Added", "Ends", "Last used", "Mails", "Review due",
)  # fmt: skip


def _asked(request: HttpRequest) -> tuple[str, EntryFilter]:
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "senders"
    state = request.GET.get("state", "soon" if tab == "ending" else "active")
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
        "lines": [(line, line_of(line.days)) for line in entry_lines(page.object_list, now=now)],
        "now": now,
        "page": page.number,
        "total": page.paginator.count,
        "size": SIZE,
        "here": f"{LIST}?{kept}",
        "export": f"{LIST}/export.csv?{kept}",
        "add": f"{LIST}/add?kind={TABS[tab][1][0] if TABS[tab][1] else 'domain'}&effect={TABS[tab][2][0]}",
        "news": latest_news(5) if tab == "ending" else (),
        "lives": [(life.value, life.label) for life in LIVES[TABS[tab][2][0]]],
        "needs_selection": {"data-needs-selection": "entries-grid"},
        "may_change": request.actor.may(Permission.DETECTION_TUNE),  # type: ignore[attr-defined]
        "filtered": bool(wanted.text) or wanted.state not in ("active", "soon"),
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
        moments = (one.expires_at or "never", one.last_used_at or "", one.uses, one.review_at or "")
        who = (one.note, one.source, one.confidence, one.added_by, one.added_at)
        yield csv_line((one.effect.label, one.kind.label, one.value, *who, *moments))


@require_http_methods(["GET", "POST"])
@requires(Permission.DETECTION_TUNE)
def add(request: HttpRequest) -> HttpResponse:
    """A new entry; the address may fill the form in (kind, value, effect, note, email)."""
    filled = {name: request.GET[name][:1000] for name in EntryForm.base_fields if name in request.GET}
    form = EntryForm(request.POST or None, initial={"effect": "block", **filled})
    refused: tuple[tuple[str, str], ...] = ()
    if request.method == "POST" and form.is_valid():
        done = _added(request, form)
        if done is not None and done.names:
            messages.success(request, _added_words(done.names))
        if done is not None and not done.refused:
            return redirect(f"{LIST}?tab={_tab_of(done.names[0])}")
        refused = done.refused if done else ()
    bad = bool(form.errors or refused)
    return render(request, "intelligence/add.html", {"form": form, "refused": refused}, status=400 if bad else 200)


def _added(request: HttpRequest, form: EntryForm) -> Done | None:
    """What became of each value; None where the form itself says what is wrong."""
    by, now = request.actor, utc_now()  # type: ignore[attr-defined]
    entry = form.entry()
    values = entry.pop("values")
    try:
        if len(values) > 1 or not entry["kind"]:
            return services.add_entries(by=by, now=now, values=values, **entry)
        return Done((services.add_entry(by=by, now=now, value=values[0] if values else "", **entry),))
    except (BadInput, Conflict) as error:
        form.add_error(error.place if error.place in form.fields else None, error.message)
        return None


def _added_words(names: Sequence[str]) -> str:
    what = f"“{names[0]}” applies" if len(names) == 1 else f"{len(names)} entries apply"
    return f"{what} to the next mail, and to the next click."


def _tab_of(name: str) -> str:
    """The tab an entry stands in, by its name."""
    effect, _, rest = name.partition(" ")
    kind = Kind(rest.partition(":")[0])
    return next(
        key for key, (_, kinds, effects) in TABS.items() if Effect(effect) in effects and (not kinds or kind in kinds)
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
        "spark": line_of(line.days),
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
            ("Review due", line.review_at or ""),
            ("Reviewed", f"{line.reviewed_at:%d %B %Y} by {line.reviewed_by}" if line.reviewed_at else ""),
            ("Last used", line.last_used_at or "Not yet"),
            ("Mails that met it", f"{line.uses:,}", line.explorer),
            ("Made from the email", row.email, f"/email/{row.email}" if row.email else ""),
        ],
    }
    return render(request, "intelligence/entry.html", context)


@require_POST
@requires(Permission.DETECTION_TUNE)
def change(request: HttpRequest, id: int) -> HttpResponse:
    """Another end (`until` a day, or `life`), an end now (`life` is "now"), a review, or gone ("remove")."""
    life = request.POST.get("until") or request.POST.get("life", "")
    row = entry_of(id)
    tab = _tab_of(str(row)) if row else "senders"
    try:
        name = services.change_entry(by=request.actor, id=id, to=life, now=utc_now())  # type: ignore[attr-defined]
        messages.success(request, f"“{name}” {_changed_words(life)}.")
    except (BadInput, NotFound) as error:
        messages.error(request, error.message)
    return redirect(f"{LIST}?tab={tab}")


def _changed_words(to: str) -> str:
    said = {REMOVE: "is removed", NOW: "has ended", REVIEW: "is reviewed and stays"}
    return said.get(to) or f"lasts: {told(read(to))}"


@require_POST
@requires(Permission.DETECTION_TUNE)
def change_many(request: HttpRequest) -> HttpResponse:
    """The same for every chosen entry."""
    ids = [int(one) for one in request.POST.getlist("row") if one.isdecimal()]
    said = request.POST
    to = said.get("remove") or said.get("review") or said.get("until") or said.get("life", "")
    back = request.POST.get("next", "")
    try:
        done = services.change_entries(by=request.actor, ids=ids, to=to, now=utc_now())  # type: ignore[attr-defined]
        if done.names:
            messages.success(request, f"{len(done.names)} of the chosen entries: {_many_words(to)}.")
        for _, why in done.refused[:5]:
            messages.error(request, why)
    except BadInput as error:
        messages.error(request, error.message)
    return redirect(back if back.startswith(f"{LIST}?") else LIST)


def _many_words(to: str) -> str:
    return _changed_words(to).removeprefix("is ").removeprefix("has ")
