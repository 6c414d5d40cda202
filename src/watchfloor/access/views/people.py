"""Settings > People: who signs in, with which roles."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from watchfloor.access import services
from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.forms import PersonForm, RolesForm
from watchfloor.access.models import Person
from watchfloor.access.selectors import people
from watchfloor.access.services import requires
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden
from watchfloor.ui.services import render_page

LIST = "/settings/people"


def actor(request: HttpRequest) -> Actor:
    """Who asks; the gate has put it there."""
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def done(request: HttpRequest, words: str, address: str) -> HttpResponse:
    """Back to a list with a message; htmx leaves the fly-out for the whole page."""
    messages.success(request, words)
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(address)
    response = HttpResponse(status=204)
    response.headers["HX-Redirect"] = address
    return response


def _person(id: int) -> Person:
    found = Person.objects.filter(pk=id).first()
    if found is None:
        raise Http404("there is no such person")
    return found


@requires(Permission.PEOPLE_MANAGE)
def people_page(request: HttpRequest) -> HttpResponse:
    return render_page(request, "access/people.html", {"people": people()})


@requires(Permission.PEOPLE_MANAGE)
def add(request: HttpRequest) -> HttpResponse:
    """The form for somebody new; the answer shows their one-time password, this once."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = services.one_time_password()
        try:
            person = services.add_person(
                **form.cleaned_data, password=password, by=actor(request), must_change_password=True
            )
        except (BadInput, Conflict) as error:
            form.add_error(error.place if error.place in form.fields else None, error.message)
        else:
            return _show_password(request, person, password)
    context = {"form": form, "heading": "Add a person", "action": f"{LIST}/add", "label": "Add", "back": LIST}
    return render_page(request, "access/form_page.html", context, fragment="access/form_flyout.html")


def _show_password(request: HttpRequest, person: Person, password: str) -> HttpResponse:
    context = {"person": person, "password": password, "back": LIST}
    return render_page(request, "access/one_time_page.html", context, fragment="access/one_time_flyout.html")


@requires(Permission.PEOPLE_MANAGE)
def person_page(request: HttpRequest, id: int) -> HttpResponse:
    """One person: facts, roles to change, and what else can be done."""
    person = _person(id)
    held = list(person.roles.values_list("name", flat=True))
    form = RolesForm(request.POST if request.method == "POST" else None, initial={"roles": held})
    if request.method == "POST" and form.is_valid():
        try:
            services.set_roles(person=person, roles=form.cleaned_data["roles"], by=actor(request))
        except (Forbidden, Conflict) as error:
            form.add_error("roles", str(error))
        else:
            return done(request, f"{person.name} has their roles.", LIST)
    facts = [
        ("Address", person.email),
        ("Added", person.created_at),
        ("Last sign-in", person.last_login),
        ("State", "Active" if person.is_active else "Deactivated"),
    ]
    context = {
        "person": person,
        "facts": facts,
        "form": form,
        "heading": person.name,
        "action": f"{LIST}/{person.pk}",
        "label": "Save roles",
        "back": LIST,
        "themself": actor(request).id == f"person:{person.pk}",
        "history": f"/settings/audit?target={person.email}",
    }
    return render_page(request, "access/person_page.html", context, fragment="access/person_flyout.html")


@require_POST
@requires(Permission.PEOPLE_MANAGE)
def deactivate(request: HttpRequest, id: int) -> HttpResponse:
    person = _person(id)
    services.deactivate_person(person=person, by=actor(request))
    return done(request, f"{person.name} cannot sign in any more.", LIST)


@require_POST
@requires(Permission.PEOPLE_MANAGE)
def reactivate(request: HttpRequest, id: int) -> HttpResponse:
    person = _person(id)
    services.reactivate_person(person=person, by=actor(request))
    return done(request, f"{person.name} can sign in again.", LIST)


@require_POST
@requires(Permission.PEOPLE_MANAGE)
def unlock(request: HttpRequest, id: int) -> HttpResponse:
    person = _person(id)
    services.unlock_person(person=person, by=actor(request))
    return done(request, f"{person.name} can try to sign in at once.", LIST)


@require_POST
@requires(Permission.PEOPLE_MANAGE)
def new_password(request: HttpRequest, id: int) -> HttpResponse:
    person = _person(id)
    return _show_password(request, person, services.give_one_time_password(person=person, by=actor(request)))
