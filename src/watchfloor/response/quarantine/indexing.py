"""Keeping the searched text: headers in the transaction of the mail's row, content as soon as it was taken apart.

The text of a mail whose copies are all gone (deleted or expired) loses its content again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from watchfloor.connectors.selectors import raw_mail
from watchfloor.inspection.contracts import Envelope, Inspection, TenantFacts
from watchfloor.inspection.services import InspectionPool
from watchfloor.kernel.errors import NotFound
from watchfloor.response.quarantine.contracts import CopyStatus
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.page_models import QuarantineText
from watchfloor.response.quarantine.searching import marked

MOST_TEXT = 20_000
MOST_URLS, LONGEST_URL = 200, 500
MOST_FILES, LONGEST_NAME = 200, 300
MOST_RECIPIENTS = 2_000
AT_ONCE = 100
GONE = (CopyStatus.DELETED, CopyStatus.EXPIRED)

Contents = Mapping[str, str]
"""The parts text, file and url of a mail."""


def contents_of(found: Inspection) -> Contents:
    """What a mail's content is found by: 20,000 characters of text, 200 URLs, 200 names of files and of what they hold."""
    names = [name for file in found.attachments for name in (file.file_name, *file.members)]
    return {
        "text": found.text[:MOST_TEXT],
        "file": " ".join(name[:LONGEST_NAME] for name in names[:MOST_FILES]),
        "url": " ".join(one.url[:LONGEST_URL] for one in found.urls[:MOST_URLS]),
    }


def index_mails(mails: Sequence[QuarantinedMail], *, contents: Mapping[int, Contents] | None = None) -> int:
    """Write the text of these mails anew; call it in the transaction that wrote them and their copies.

    `contents` holds, by the mails' keys, what is known of their content; `complete` reads that of the others.
    """
    known = contents or {}
    recipients: dict[int, list[str]] = {}
    copies = QuarantinedCopy.objects.filter(mail__in=mails).values_list("mail_id", "recipient")
    for mail, recipient in copies:
        recipients.setdefault(mail, []).append(recipient)
    rows = [
        QuarantineText(
            mail=mail,
            text=marked(_headers(mail, recipients.get(mail.pk, ())) | dict(known.get(mail.pk, {}))),
            whole=mail.pk in known,
        )
        for mail in mails
    ]
    with transaction.atomic():
        QuarantineText.objects.filter(mail__in=mails).delete()
        QuarantineText.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def follow_text(mails: Sequence[QuarantinedMail]) -> None:
    """Let the text follow mails whose copies changed: write that of new ones, take the content of gone ones away.

    Call it in the transaction of the change.
    """
    known = dict(QuarantineText.objects.filter(mail__in=mails).values_list("mail_id", "whole"))
    changed = [mail for mail in mails if mail.pk not in known or (known[mail.pk] and mail.status in GONE)]
    if changed:
        index_mails(changed)


def _headers(mail: QuarantinedMail, recipients: Iterable[str]) -> dict[str, str]:
    senders = dict.fromkeys((mail.sender_name, mail.sender, mail.mail_from))
    return {
        "subject": mail.subject,
        "from": " ".join(one for one in senders if one),
        "to": " ".join(list(recipients)[:MOST_RECIPIENTS]),
        "id": mail.internet_message_id,
    }


def complete(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Read the content of mails that are found by their headers alone, and index mails that nobody did; returns how many."""
    missing = list(QuarantinedMail.objects.filter(search=None).order_by("-id")[:limit])
    if missing:
        return index_mails(missing)
    unread = QuarantinedMail.objects.filter(search__whole=False).exclude(status__in=GONE)
    mails = list(unread.order_by("-id")[:limit])
    if not mails:
        return 0
    with InspectionPool(1, TenantFacts()) as pool:
        found = {mail.pk: pool.submit(raw, Envelope(), now) for mail in mails if (raw := _raw(mail)) is not None}
    contents = {mail.pk: contents_of(found[mail.pk].result()) if mail.pk in found else {} for mail in mails}
    with transaction.atomic():  # of what was deleted while it was read nothing is kept
        left = QuarantinedMail.objects.select_for_update().filter(pk__in=contents).exclude(status__in=GONE)
        still = list(left.order_by("pk"))
        index_mails(still, contents={mail.pk: contents[mail.pk] for mail in still})
    return len(mails)


def _raw(mail: QuarantinedMail) -> bytes | None:
    try:
        return raw_mail(mail.sha256)
    except NotFound:
        return None
