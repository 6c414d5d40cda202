"""Settings > Outgoing mail."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.connectors.outgoing.reading import TABS, as_contract, outgoing
from watchfloor.connectors.outgoing.sending import can_send
from watchfloor.connectors.outgoing.sending import send_again as send_again_of
from watchfloor.kernel.errors import NotFound

HERE = "/settings/outgoing-mail"
A_PAGE = 50


@require_GET
@requires(Permission.SETTINGS_READ)
def outgoing_mail(request: HttpRequest) -> HttpResponse:
    """What was sent, what waits, what could not be sent and why."""
    tab = request.GET.get("state", "")
    page = Paginator(outgoing(tab), A_PAGE).get_page(request.GET.get("page"))
    actor: Actor = request.actor  # type: ignore[attr-defined]
    context = {
        "mails": [as_contract(row) for row in page.object_list],
        "tabs": [(key, label, f"{HERE}?state={key}" if key else HERE) for key, label in TABS],
        "tab": tab,
        "page": page.number,
        "total": page.paginator.count,
        "size": A_PAGE,
        "here": f"{HERE}?state={tab}" if tab in dict(TABS) else HERE,
        "may_manage": actor.may(Permission.CONNECTION_MANAGE),
        "can_send": can_send(),
    }
    return render(request, "connectors/outgoing.html", context)


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def send_again(request: HttpRequest, id: int) -> HttpResponse:
    """Give one another chance."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        send_again_of(by=actor, id=id)
        messages.success(request, "It is being sent again.")
    except NotFound as error:
        messages.error(request, str(error))
    return redirect(HERE)
