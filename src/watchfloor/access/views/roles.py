"""Settings > Roles: the built-in ones as a matrix of activities, custom ones to add, copy, change and delete."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from watchfloor.access import services
from watchfloor.access.contracts import Permission
from watchfloor.access.forms import RoleForm
from watchfloor.access.models import Role
from watchfloor.access.roles import ACTIVITIES, BUILT_IN_ROLES
from watchfloor.access.services import requires
from watchfloor.access.views.people import actor, done
from watchfloor.kernel.errors import Conflict, Forbidden, WatchfloorError
from watchfloor.ui.services import render_page

LIST = "/settings/roles"


def matrix(roles: list[Role]) -> list[tuple[str, str, list[bool]]]:
    """(capability row, activity, whether each of `roles` allows it)."""
    return [(row, words, [right.value in role.permissions for role in roles]) for row, words, right in ACTIVITIES]


@requires(Permission.PEOPLE_MANAGE)
def roles_page(request: HttpRequest) -> HttpResponse:
    roles = list(Role.objects.prefetch_related("people"))
    order = {name: number for number, name in enumerate(BUILT_IN_ROLES)}
    roles.sort(key=lambda role: (not role.built_in, order.get(role.name, 0), role.name))
    return render_page(request, "access/roles.html", {"roles": roles, "matrix": matrix(roles)})


def _role(id: int) -> Role:
    found = Role.objects.filter(pk=id).first()
    if found is None:
        raise Http404("there is no such role")
    return found


def _form_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    context["back"] = LIST
    return render_page(request, "access/form_page.html", context, fragment="access/form_flyout.html")


def _refuse(form: RoleForm, error: WatchfloorError) -> None:
    form.add_error(error.place if error.place in form.fields else "permissions", error.message)


@requires(Permission.PEOPLE_MANAGE)
def add(request: HttpRequest) -> HttpResponse:
    """A new role, empty or as a copy (`?copy=<id>`)."""
    source = request.GET.get("copy", "")
    copied = _role(int(source)) if source.isdecimal() and len(source) < 10 else None
    initial: dict[str, Any] = {}
    if copied:
        initial = {
            "name": f"Copy of {copied.name}",
            "description": copied.description,
            "permissions": copied.permissions,
        }
    form = RoleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.add_role(
                name=data["name"], description=data["description"], permissions=form.rights(), by=actor(request)
            )
        except WatchfloorError as error:
            _refuse(form, error)
        else:
            return done(request, f"The role “{data['name']}” is there.", LIST)
    return _form_page(request, {"form": form, "heading": "Add a role", "action": f"{LIST}/add", "label": "Add"})


@requires(Permission.PEOPLE_MANAGE)
def edit(request: HttpRequest, id: int) -> HttpResponse:
    role = _role(id)
    initial = {"name": role.name, "description": role.description, "permissions": role.permissions}
    form = RoleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.edit_role(
                role=role,
                name=data["name"],
                description=data["description"],
                permissions=form.rights(),
                by=actor(request),
            )
        except (Forbidden, Conflict) as error:
            _refuse(form, error)
        else:
            return done(request, f"The role “{data['name']}” is changed.", LIST)
    return _form_page(
        request, {"form": form, "heading": f"Change {role.name}", "action": f"{LIST}/{id}", "label": "Save"}
    )


@require_POST
@requires(Permission.PEOPLE_MANAGE)
def delete(request: HttpRequest, id: int) -> HttpResponse:
    role = _role(id)
    services.delete_role(role=role, by=actor(request))
    return done(request, f"The role “{role.name}” is gone.", LIST)
