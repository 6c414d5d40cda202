"""What a recipient sees of the own quarantined mail, and may do with it (QU-30, QU-31)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchfloor.access.contracts import Actor, Permission
from watchfloor.kernel.errors import Forbidden, NotFound
from watchfloor.kernel.text import visible
from watchfloor.mail.contracts import PreviewBody
from watchfloor.response.quarantine import content, senders, services
from watchfloor.response.quarantine.contracts import HELD, CopyStatus, UserMay
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.own_words import reason_in, state_in
from watchfloor.response.quarantine.policies import border_policy
from watchfloor.response.quarantine.selectors import quarantined_copy, recipient_may
from watchfloor.response.submissions.services import report_held

MOST_SHOWN = 200
STILL_SHOWN = timedelta(days=14)
"""So long a recipient sees what was released."""
RIGHTS: Mapping[str, UserMay] = {
    "preview": UserMay.PREVIEW,
    "headers": UserMay.VIEW_HEADER,
    "release": UserMay.RELEASE,
    "request": UserMay.REQUEST_RELEASE,
    "delete": UserMay.DELETE,
    "block": UserMay.BLOCK_SENDER,
    "allow": UserMay.ALLOW_SENDER,
}


@dataclass(frozen=True, slots=True)
class OwnMail:
    """One line of the page: `may` are the keys of RIGHTS that are open now."""

    copy: QuarantinedCopy
    may: tuple[str, ...]
    reason: str
    status: str

    @property
    def subject(self) -> str:
        return visible(self.copy.mail.subject)

    @property
    def sender(self) -> str:
        return visible(self.copy.mail.sender or self.copy.mail.mail_from)

    @property
    def preview(self) -> bool:
        return "preview" in self.may

    @property
    def verbs(self) -> tuple[str, ...]:
        """The buttons beside the preview."""
        return tuple(one for one in self.may if one not in ("preview", "request"))


def own_mails(recipient: str, *, language: str, now: datetime) -> list[OwnMail]:
    """What is held for this recipient and their preset lets them see, newest first; and what was released lately. Two queries."""
    policy = border_policy()
    held = [status.value for status in HELD]
    mine = QuarantinedCopy.objects.filter(recipient=recipient).select_related("mail", "release").order_by("-held_at")
    shown = mine.filter(status__in=held, expires_at__gt=now) | mine.filter(
        status=CopyStatus.RELEASED.value, released_at__gte=now - STILL_SHOWN
    )
    return [
        OwnMail(
            copy,
            open_rights(recipient_may(copy, policy=policy)),
            reason_in(language, copy.mail.reason),
            state_in(language, copy.status),
        )
        for copy in shown[:MOST_SHOWN]
        if policy.may(copy.mail.reason, threat=copy.mail.threat) != UserMay.NOTHING
    ]


def open_rights(may: UserMay) -> tuple[str, ...]:
    """The keys of RIGHTS; who may release need not request."""
    if may & UserMay.RELEASE:
        may &= ~UserMay.REQUEST_RELEASE
    return tuple(key for key, right in RIGHTS.items() if may & right)


def own_copy(recipient: str, pk: int, right: str) -> QuarantinedCopy:
    """A copy of one's own of which this is allowed now. Raises NotFound, Forbidden."""
    copy = quarantined_copy(pk, recipient=recipient)
    if right not in open_rights(recipient_may(copy)):
        raise Forbidden("the organisation's policy does not allow it", permission=Permission.QUARANTINE_READ.value)
    return copy


def preview(*, recipient: str, copy: int, plain: bool, now: datetime) -> tuple[QuarantinedCopy, PreviewBody]:
    """The content of an own mail made inert; audited as the recipient's look. Raises NotFound, Forbidden."""
    found = own_copy(recipient, copy, "preview")
    return found, content.preview(by=reader(recipient), mail=as_held(found), plain=plain, now=now)


def header_lines(*, recipient: str, copy: int) -> tuple[QuarantinedCopy, str]:
    """The headers of an own mail. Raises NotFound, Forbidden."""
    found = own_copy(recipient, copy, "headers")
    return found, content.headers(by=reader(recipient), mail=as_held(found))


def body(*, recipient: str, copy: int, plain: bool, now: datetime) -> PreviewBody:
    """What stands in the preview's frame; the look is on the record already. Raises NotFound, Forbidden."""
    return content.read(as_held(own_copy(recipient, copy, "preview")), plain=plain, now=now)


def as_held(copy: QuarantinedCopy) -> QuarantinedMail:
    """The mail with the bytes of this copy."""
    mail = copy.mail
    mail.sha256 = copy.sha256
    return mail


def reader(recipient: str) -> Actor:
    """The recipient, reading the own mail."""
    return replace(services.recipient_actor(recipient), permissions=frozenset({Permission.QUARANTINE_READ}))


def act(*, recipient: str, copy: int, verb: str, why: str, at: datetime) -> None:
    """Do one verb of RIGHTS with an own mail. Raises NotFound, Forbidden, Conflict, BadInput."""
    found = own_copy(recipient, copy, verb)
    doing: Mapping[str, Callable[[], object]] = {
        "release": lambda: services.release_own(recipient=recipient, copy=copy, at=at),
        "request": lambda: services.request_release(recipient=recipient, copy=copy, why=why, at=at),
        "delete": lambda: services.delete_own(recipient=recipient, copy=copy, at=at),
        "block": lambda: _list_sender(recipient, found, blocked=True, at=at),
        "allow": lambda: _list_sender(recipient, found, blocked=False, at=at),
    }
    if verb not in doing:
        raise NotFound("there is no such thing to do", place=verb[:50])
    doing[verb]()
    if verb in ("request", "release"):
        mail = found.mail.network_message_id
        report_held(recipient=recipient, copy=copy, network_message_id=mail, comment=why, now=at)


def _list_sender(recipient: str, copy: QuarantinedCopy, *, blocked: bool, at: datetime) -> None:
    by = services.recipient_actor(recipient)
    senders.wish(by=by, recipient=recipient, sender=copy.mail.sender or copy.mail.mail_from, blocked=blocked, at=at)
