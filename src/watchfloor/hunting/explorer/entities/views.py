"""One address per kind of entity; `value` names it, the rest is the present question."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.hunting.explorer.answers import flyout
from watchfloor.hunting.explorer.entities.address import address
from watchfloor.hunting.explorer.entities.family import family
from watchfloor.hunting.explorer.entities.file import document, file
from watchfloor.hunting.explorer.entities.knowing import About
from watchfloor.hunting.explorer.entities.recipient import recipient
from watchfloor.hunting.explorer.entities.url import url
from watchfloor.hunting.explorer.state import read_state
from watchfloor.hunting.explorer.views import Asked
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput

LONGEST = 4000
KINDS: dict[str, tuple[str, Callable[[About], Mapping[str, Any]]]] = {
    "recipient": ("RecipientEmailAddress", recipient),
    "url": ("EmailUrlInfo.Url", url),
    "file": ("EmailAttachmentInfo.SHA256", file),
    "document": ("EmailAttachmentInfo.SHA256", document),
    "ip": ("SenderIP", address),
    "family": ("ThreatNames", family),
}
"""By the last part of the address: the column of mail that holds such values, and what the fly-out is given."""


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def entity(request: Asked, kind: str) -> HttpResponse:
    """The fly-out of one value."""
    value = request.GET.get("value", "").strip()
    if not value or len(value) > LONGEST:
        raise BadInput("say which one", place="value")
    column, fill = KINDS[kind]
    now = utc_now()
    about = About(read_state(request.GET, now=now), request.actor, now, column, value)
    return flyout(request, f"hunting/explorer/entities/{kind}.html", fill(about))
