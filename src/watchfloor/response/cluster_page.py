"""The cluster a remediation aimed at (AC-07): its whole query, what it holds now, and where that lies."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors as lake
from watchfloor.response import selectors
from watchfloor.response.models import Remediation
from watchfloor.response.rendering import explorer_href
from watchfloor.response.targets import query_of
from watchfloor.ui.services import render_page

SHARES = (("Latest delivery location", "LatestDeliveryLocation"), ("Threat", "ThreatTypes"))
METADATA = (("Sender", "SenderFromAddress"), ("Subject", "Subject"))
"""Only for people who may read them in Explorer."""
MOST = 10


@requires(Permission.ACTION_CENTER_READ)
@require_GET
def cluster(request: HttpRequest, remediation_id: UUID) -> HttpResponse:
    """Fly-out or page; what was chosen by hand is no cluster, so it leads to the ledger."""
    one = selectors.remediation(remediation_id)
    if not one.query:
        return HttpResponseRedirect(one.href)
    readable = request.actor.may(Permission.EMAIL_METADATA_READ)  # type: ignore[attr-defined]
    in_flyout = bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]
    context = _context(one, readable=readable, now=utc_now())
    return render_page(
        request, "response/cluster.html", {**context, "layout": "ui/flyout.html" if in_flyout else "ui/page.html"}
    )


def _context(one: Remediation, *, readable: bool, now: datetime) -> dict[str, Any]:
    query = query_of(one.query, now=now)
    shown = (*SHARES, *(METADATA if readable else ()))
    facts = [
        ("Messages now", f"{lake.count(query):,}"),
        ("Messages when it was asked", f"{one.expected:,}"),
        ("Left out by hand", f"{len(one.excepted):,}" if one.excepted else ""),
        ("Copies sent on", f"{len(one.also):,}" if one.also else ""),
        ("The sender's copy", "too" if one.sender_copy else ""),
    ]
    return {
        "one": one,
        "facts": [fact for fact in facts if fact[1]],
        "kql": lake.kql(query),
        "explorer": explorer_href(one),
        "shares": [(label, lake.top(query, column=column, limit=MOST)) for label, column in shown],
    }
