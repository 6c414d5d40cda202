"""Restricted users: who may not send, why, and letting them again (AI-85)."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.investigations import services
from watchfloor.investigations.aftercare import restricting
from watchfloor.investigations.aftercare.policy import current
from watchfloor.investigations.views import actor_of, attempt, reason_of
from watchfloor.kernel.clock import utc_now
from watchfloor.ui.services import render_page

HREF = "/investigations/restricted"


@requires(Permission.IDENTITY_READ)
@require_GET
def restricted(request: HttpRequest) -> HttpResponse:
    """Those who may not send now, or with `tab=released` those who may again."""
    tab = "released" if request.GET.get("tab") == "released" else "restricted"
    now_restricted = list(restricting.restricted()[:1000])
    context = {
        "tab": tab,
        "tabs": [
            ("restricted", "Restricted", HREF, len(now_restricted)),
            ("released", "Released", f"{HREF}?tab=released", None),
        ],
        "rows": now_restricted if tab == "restricted" else list(restricting.released()),
        "may_act": actor_of(request).may(Permission.IDENTITY_ACTION_MANAGE),
        "holds": restricting.holds(),
        "by_alert": current().restrict,
    }
    return render_page(request, "investigations/restricted.html", context)


@requires(Permission.IDENTITY_ACTION_MANAGE)
@require_http_methods(["GET", "POST"])
def restrict(request: HttpRequest) -> HttpResponse:
    """Ask whom and why, in a fly-out when htmx asks; keep them from sending."""
    if request.method == "GET":
        base = "ui/flyout.html" if getattr(request, "htmx", None) else "ui/page.html"
        context = {"base": base, "address": request.GET.get("address", "")[:320], "holds": restricting.holds()}
        return render(request, "investigations/restrict.html", context)
    address = request.POST.get("address", "").replace("\x00", "")[:320]
    attempt(request, services.restrict, address=address, why=reason_of(request), at=utc_now())
    return HttpResponseRedirect(HREF)


@requires(Permission.IDENTITY_ACTION_MANAGE)
@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Let somebody send again."""
    chosen = request.POST.get("restriction", "")
    number = int(chosen) if chosen.isdecimal() and len(chosen) < 18 else 0
    attempt(request, services.release, restriction=number, reason=reason_of(request), at=utc_now())
    return HttpResponseRedirect(HREF)
