"""The page of who sees alerts of which category (AP-05)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import roles_holding
from watchfloor.access.services import requires
from watchfloor.detection.contracts import POLICY_CATEGORIES
from watchfloor.incidents.seeing import readers, set_readers
from watchfloor.incidents.views import actor
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.ui.services import render_page

HOME = "/settings/alert-categories"


@requires(Permission.SETTINGS_READ)
def categories(request: HttpRequest) -> HttpResponse:
    """Each category and the roles that see its alerts; saving one category at a time."""
    if request.method == "POST":
        return _save(request)
    kept = readers()
    reading = roles_holding(Permission.INCIDENT_READ)
    context = {
        "categories": [
            (one, one in kept, [(pk, name, one not in kept or pk in kept[one]) for pk, name in reading])
            for one in POLICY_CATEGORIES
        ],
        "may_change": actor(request).may(Permission.PEOPLE_MANAGE),
    }
    return render_page(request, "incidents/categories.html", context)


def _save(request: HttpRequest) -> HttpResponse:
    category = request.POST.get("category", "")
    chosen = [int(one) for one in request.POST.getlist("role") if one.isdecimal() and len(one) < 9]
    try:
        if "everybody" not in request.POST and not chosen:
            messages.error(request, "Tick a role, or give the category to everybody who reads incidents.")
            return redirect(HOME)
        roles = [] if "everybody" in request.POST else chosen
        changed = set_readers(category=category, roles=roles, by=actor(request))
    except WatchfloorError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Saved: {category}. {changed:,} incidents change hands.")
    return redirect(HOME)
