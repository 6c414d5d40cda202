"""Senders that one recipient wants never, or always, in the own mailbox (QU-16): the lists of the self-service page.

Unlike the organisation's entries they count for one mailbox. An allowed sender is believed only when the mail is proven to be
the sender's own, and never against malware or high-confidence phish.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.kernel.errors import BadInput
from watchfloor.response.quarantine.page_models import MailboxSender

audit_verb("quarantine.block_sender", "{actor} blocked {target} for the own mailbox")
audit_verb("quarantine.allow_sender", "{actor} allowed {target} for the own mailbox")
audit_verb("quarantine.forget_sender", "{actor} took {target} off the own list of senders")
MOST_KEPT = 1_000


def wish(*, by: Actor, recipient: str, sender: str, blocked: bool, at: datetime) -> None:
    """Block or allow a sender for one mailbox; the newest word counts. Raises BadInput."""
    name, address = recipient.strip().lower(), sender.strip().lower()
    verb = "quarantine.block_sender" if blocked else "quarantine.allow_sender"
    with audited(
        by=by, permission=Permission.QUARANTINE_MANAGE, verb=verb, target_type="sender", target=address[:200]
    ) as result:
        if address.count("@") != 1 or len(address) > 320:
            raise BadInput("this mail names no sender that could be listed", place="sender")
        own = MailboxSender.objects.filter(recipient=name)
        if own.count() >= MOST_KEPT and not own.filter(sender=address).exists():
            raise BadInput(f"at most {MOST_KEPT:,} senders are listed for one mailbox")
        MailboxSender.objects.update_or_create(
            recipient=name, sender=address, defaults={"blocked": blocked, "at": at, "by": by.name}
        )
        result["after"] = {"mailbox": name, "blocked": blocked}


def forget(*, by: Actor, recipient: str, sender: str) -> None:
    """Take a sender off the list of one mailbox."""
    name, address = recipient.strip().lower(), sender.strip().lower()
    with audited(
        by=by,
        permission=Permission.QUARANTINE_MANAGE,
        verb="quarantine.forget_sender",
        target_type="sender",
        target=address[:200],
    ) as result:
        MailboxSender.objects.filter(recipient=name, sender=address).delete()
        result["after"] = {"mailbox": name}


def wishes(*, sender: str, recipients: Iterable[str]) -> Mapping[str, bool]:
    """Of these recipients those who listed the sender: whether they block it. One query."""
    found = MailboxSender.objects.filter(
        sender=sender.strip().lower(), recipient__in=[one.lower() for one in recipients]
    )
    return dict(found.values_list("recipient", "blocked"))


def allowed_pairs(*, recipients: Collection[str], senders: Collection[str]) -> frozenset[tuple[str, str]]:
    """(recipient, sender) of those recipients who allow one of these senders, in lower case; a query per 500 recipients."""
    found: set[tuple[str, str]] = set()
    names = sorted({one.strip().lower() for one in recipients})
    wanted = {one.strip().lower() for one in senders}
    for start in range(0, len(names), 500):
        some = MailboxSender.objects.filter(recipient__in=names[start : start + 500], blocked=False)
        found.update(pair for pair in some.values_list("recipient", "sender") if pair[1] in wanted)
    return frozenset(found)


def listed_by(recipient: str) -> Mapping[str, bool]:
    """The senders of one mailbox: whether they are blocked."""
    found = MailboxSender.objects.filter(recipient=recipient.strip().lower()).order_by("sender")
    return dict(found.values_list("sender", "blocked"))
