"""Settings > Webhook deliveries."""

from dataclasses import replace

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.connectors.outgoing import post_reading
from watchfloor.connectors.outgoing.posting import post_again, webhooks
from watchfloor.connectors.outgoing.words import OutgoingPost
from watchfloor.kernel.errors import NotFound

HERE = "/settings/webhook-deliveries"
A_PAGE = 50


@require_GET
@requires(Permission.SETTINGS_READ)
def deliveries(request: HttpRequest) -> HttpResponse:
    """What was posted, what waits, what was given up and why."""
    tab = request.GET.get("state", "")
    page = Paginator(post_reading.deliveries(tab), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "posts": [shown(post_reading.as_contract(row), _actor(request)) for row in page.object_list],
        "tabs": [(key, label, f"{HERE}?state={key}" if key else HERE) for key, label in post_reading.TABS],
        "tab": tab,
        "page": page.number,
        "total": page.paginator.count,
        "size": A_PAGE,
        "here": f"{HERE}?state={tab}" if tab in dict(post_reading.TABS) else HERE,
        "may_manage": _actor(request).may(Permission.CONNECTION_MANAGE),
        "webhooks": webhooks(),
    }
    return render(request, "connectors/deliveries.html", context)


@require_GET
@requires(Permission.SETTINGS_READ)
def delivery(request: HttpRequest, id: int) -> HttpResponse:
    """One with the JSON that it carries, for whoever may read alerts."""
    found = shown(post_reading.delivery(id), _actor(request))
    context = {"post": found, "may_read": _actor(request).may(Permission.INCIDENT_READ), "facts": _facts(found)}
    return render(request, "connectors/delivery.html", context)


def shown(post: OutgoingPost, actor: Actor) -> OutgoingPost:
    """As somebody may see it: what it is about is an alert's title."""
    return post if actor.may(Permission.INCIDENT_READ) else replace(post, subject=post.delivery, body="")


def _facts(found: OutgoingPost) -> list[tuple[str, object]]:
    return [
        ("Delivery ID", found.delivery),
        ("Event", found.event),
        ("Connection", found.connection),
        ("What became of it", found.sentence),
        ("Attempts", f"{found.attempts:,}"),
        ("Size", f"{found.size:,} bytes"),
        ("Put into the outbox", found.created_at),
        *([("Delivered", found.sent_at)] if found.sent_at else []),
        *([("Next attempt", found.next_at)] if found.next_at else []),
    ]


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def send_again(request: HttpRequest, id: int) -> HttpResponse:
    """Give one another chance."""
    try:
        post_again(by=_actor(request), id=id)
        messages.success(request, "It is being posted again.")
    except NotFound as error:
        messages.error(request, str(error))
    return redirect(HERE)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
