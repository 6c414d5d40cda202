"""Settings > Connections and Settings > Dead letters."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.connectors import services
from watchfloor.connectors.contracts import System, TestReport
from watchfloor.connectors.forms import ConnectionForm
from watchfloor.connectors.models import Connection
from watchfloor.connectors.registry import systems
from watchfloor.connectors.selectors import connection_lines, dead_letter_lines, dead_letters
from watchfloor.kernel.errors import BadInput, NotFound, WatchfloorError

LIST = "/settings/connections"
LETTERS = "/settings/dead-letters"
LETTERS_A_PAGE = 50


def _actor(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def _system(kind: str) -> System:
    if kind not in systems():
        raise Http404("there is no such kind of connection")
    return systems()[kind]


def _connection(id: int) -> Connection:
    found = Connection.objects.filter(pk=id).first()
    if found is None or found.kind not in systems():
        raise Http404("there is no such connection")
    return found


@require_GET
@requires(Permission.SETTINGS_READ)
def connections(request: HttpRequest) -> HttpResponse:
    """Every connection with its state and health."""
    context = {"lines": connection_lines(), "may_manage": _actor(request).may(Permission.CONNECTION_MANAGE)}
    return render(request, "connectors/connections.html", context)


@require_GET
@requires(Permission.CONNECTION_MANAGE)
def kinds(request: HttpRequest) -> HttpResponse:
    """What can be connected."""
    return render(request, "connectors/kinds.html", {"systems": systems().values()})


@require_http_methods(["GET", "POST"])
@requires(Permission.CONNECTION_MANAGE)
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """The form of a new connection."""
    system = _system(kind)
    form = ConnectionForm(system, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            services.add_connection(by=_actor(request), name=name, kind=kind, settings=form.settings())
        except WatchfloorError as error:
            _refuse(form, error)
        else:
            messages.success(request, f"“{name}” is connected; its health shows here within seconds.")
            return redirect(LIST)
    context = {"form": form, "system": system, "action": f"{LIST}/add/{kind}", "test": f"{LIST}/test/{kind}"}
    return render(request, "connectors/connection.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.CONNECTION_MANAGE)
def edit(request: HttpRequest, id: int) -> HttpResponse:
    """The settings of a connection; its secrets are never shown."""
    connection = _connection(id)
    system = _system(connection.kind)
    form = ConnectionForm(system, connection, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_connection(by=_actor(request), name=connection.name, settings=form.settings())
        except WatchfloorError as error:
            _refuse(form, error)
        else:
            messages.success(request, f"“{connection.name}” is changed.")
            return redirect(LIST)
    context = {
        "form": form,
        "system": system,
        "connection": connection,
        "action": f"{LIST}/{id}",
        "test": f"{LIST}/{id}/test",
    }
    return render(request, "connectors/connection.html", context, status=400 if form.errors else 200)


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def try_new(request: HttpRequest, kind: str) -> HttpResponse:
    """Test settings that are not stored yet."""
    return _try(request, ConnectionForm(_system(kind), data=request.POST), kind=kind)


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def try_known(request: HttpRequest, id: int) -> HttpResponse:
    """Test changed settings of a connection; secrets left empty are the stored ones."""
    connection = _connection(id)
    form = ConnectionForm(_system(connection.kind), connection, request.POST)
    return _try(request, form, kind=connection.kind, name=connection.name)


def _try(request: HttpRequest, form: ConnectionForm, *, kind: str, name: str = "") -> HttpResponse:
    if form.is_valid():
        try:
            report = services.try_connection(by=_actor(request), kind=kind, settings=form.settings(), name=name)
        except WatchfloorError as error:
            report = TestReport(ok=False, lines=((False, error.message),))
    else:
        wrong = tuple(
            (False, f"{form[field].label}: {' '.join(map(str, errors))}") for field, errors in form.errors.items()
        )
        report = TestReport(ok=False, lines=wrong)
    return render(request, "connectors/report.html", {"report": report})


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def switch(request: HttpRequest, id: int) -> HttpResponse:
    """Enable or disable."""
    connection = _connection(id)
    services.switch_connection(by=_actor(request), name=connection.name, enabled=not connection.enabled)
    messages.success(request, f"“{connection.name}” is {'disabled' if connection.enabled else 'enabled'}.")
    return redirect(LIST)


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def remove(request: HttpRequest, id: int) -> HttpResponse:
    """Forget a connection."""
    connection = _connection(id)
    services.remove_connection(by=_actor(request), name=connection.name)
    messages.success(request, f"“{connection.name}” is removed. Mail it brought stays.")
    return redirect(LIST)


@require_GET
@requires(Permission.SETTINGS_READ)
def letters(request: HttpRequest) -> HttpResponse:
    """What could not be read, and why."""
    page = Paginator(dead_letters(), LETTERS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "lines": dead_letter_lines(page.object_list),
        "page": page.number,
        "total": page.paginator.count,
        "size": LETTERS_A_PAGE,
        "here": f"{LETTERS}?page=",
        "may_manage": _actor(request).may(Permission.CONNECTION_MANAGE),
    }
    return render(request, "connectors/dead_letters.html", context)


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def retry(request: HttpRequest, id: int) -> HttpResponse:
    """Try one again."""
    try:
        services.retry_dead_letter(by=_actor(request), id=id)
        messages.success(request, "It is being read again. If that fails, it comes back here.")
    except (BadInput, NotFound) as error:
        messages.error(request, str(error))
    return redirect(LETTERS)


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def retry_all(request: HttpRequest) -> HttpResponse:
    """Try all again."""
    done, failed = services.retry_all(by=_actor(request))
    words = f" {failed} can only be brought again by their source." if failed else ""
    messages.success(request, f"{done} are being read again.{words}")
    return redirect(LETTERS)


def _refuse(form: ConnectionForm, error: WatchfloorError) -> None:
    form.add_error(error.place if error.place in form.fields else None, error.message)
