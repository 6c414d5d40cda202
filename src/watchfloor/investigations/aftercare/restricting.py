"""Who of our own people may not send, why, and who let them send again (AI-85).

What holds them is the border: where a connection judges outgoing mail before delivery, mail of a restricted sender is refused,
by its envelope, and of clients that signed in by who signed in and by the From that people see.
"""

from datetime import datetime
from email.parser import BytesHeaderParser
from email.utils import getaddresses

from django.db import transaction
from django.db.models import F, QuerySet

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.contracts import Capability
from watchfloor.connectors.selectors import connection_lines, enabled_connections, settings_of
from watchfloor.connectors.services import checked_addresses
from watchfloor.identities.selectors import is_ours, names_of, people_of_names
from watchfloor.investigations.aftercare.events import tell_restriction
from watchfloor.investigations.aftercare.models import Restriction
from watchfloor.kernel.errors import BadInput, Conflict, NotFound

audit_verb("sending.restrict", "{actor} restricted {target} from sending mail")
audit_verb("sending.release", "{actor} let {target} send mail again")

REFUSAL = "5.1.8 Access denied, your account was restricted from sending because it sent mail others hold to be unwanted; ask your security team"
"""The enhanced status code under which the original refuses a bad outbound sender."""
ENFORCE = "enforce"
MOST_HEAD, MOST_FROM = 1_000_000, 10


def restrict(*, by: Actor, address: str, why: str, alert_id: str = "", at: datetime) -> Restriction:
    """Refuse what this address sends from now on; one that is restricted already stays so. Raises Forbidden, BadInput."""
    with audited(
        by=by,
        permission=Permission.IDENTITY_ACTION_MANAGE,
        verb="sending.restrict",
        target_type="mailbox",
        target=address,
        reason=why,
    ) as result:
        wanted = _own(address)
        if not why.strip():
            raise BadInput("say why", place="reason")
        with transaction.atomic():
            found, fresh = Restriction.objects.get_or_create(
                address=wanted,
                released_at=None,
                defaults={"since": at, "by": by.name, "why": why.strip(), "alert_id": alert_id},
            )
            if fresh:
                tell_restriction(found, by=by, restricted=True, at=at)
        result["after"] = {"restricted": wanted, "already": not fresh}
    return found


def release(*, by: Actor, restriction: int, reason: str = "", at: datetime) -> Restriction:
    """Let them send again. Raises Forbidden, NotFound, Conflict when somebody released them already."""
    found = Restriction.objects.filter(pk=restriction).first()
    with (
        audited(
            by=by,
            permission=Permission.IDENTITY_ACTION_MANAGE,
            verb="sending.release",
            target_type="mailbox",
            target=found.address if found else str(restriction),
            reason=reason,
        ) as result,
        transaction.atomic(),
    ):
        found = Restriction.objects.select_for_update().filter(pk=restriction).first()
        if found is None:
            raise NotFound("nobody is restricted under this number", place=str(restriction))
        if found.released_at is not None:
            raise Conflict(f"{found.address} was released already by {found.released_by}")
        found.released_at, found.released_by, found.release_reason = at, by.name, reason.strip()
        found.save()
        tell_restriction(found, by=by, restricted=False, at=at)
        result["after"] = {"restricted": False}
    return found


def _own(address: str) -> str:
    """Only our own addresses send through our border."""
    [wanted] = checked_addresses([address.strip().lower()])
    if not is_ours(wanted, if_unset=True):
        raise BadInput(f"{wanted} is none of our own addresses", place="address")
    return wanted


def restricted() -> "QuerySet[Restriction]":
    """Those who may not send now, newest first."""
    return Restriction.objects.filter(released_at=None)


def released(*, limit: int = 100) -> "QuerySet[Restriction]":
    """Those who may again, newest first."""
    return Restriction.objects.exclude(released_at=None).order_by("-released_at")[:limit]


def refusal_of(raw: bytes, *, mail_from: str, signed_in: str = "", at: datetime) -> str:
    """The words with which the border refuses a mail of somebody restricted; "" when it may go.

    Theirs is what their address sends by its envelope; of clients that signed in also what they hand in under any address, and
    what names them in From: without a sign-in that header is anybody's to write. One query while nobody is restricted.
    """
    held = set(restricted().values_list("address", flat=True))
    if not held:
        return ""
    named = {mail_from.strip().strip("<>").lower()}
    if signed_in:
        named |= {signed_in.strip().lower(), *_from(raw)}
    known = people_of_names(named - held)
    theirs = named.union(*(names_of(one).addresses for one in set(known.values())))
    if not (found := held & theirs):
        return ""
    restricted().filter(address__in=found).update(refused=F("refused") + 1, refused_at=at)
    return REFUSAL


def _from(raw: bytes) -> set[str]:
    """The addresses in From, in lower case; whatever the header holds, this does not fail."""
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0][:MOST_HEAD]
    lines = BytesHeaderParser().parsebytes(head + b"\n\n").get_all("From", [])
    return {address.lower() for _, address in getaddresses([str(one) for one in lines[:MOST_FROM]]) if "@" in address}


def holds() -> bool:
    """Whether any enabled connection judges mail before delivery and acts on it: without one, nothing refuses what is sent."""
    judging = {one.name for one in connection_lines() if one.enabled and Capability.JUDGE_INLINE in one.can}
    return any(one.name in judging and settings_of(one).get("mode") == ENFORCE for one in enabled_connections())
