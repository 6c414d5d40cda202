"""Reading quarantined mail: its headers, its content made inert, a copy in an encrypted zip, a copy to somebody (QU-13..18).

Every look is on the record before anything is shown.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.contracts import Attachment
from watchfloor.connectors.selectors import raw_mail
from watchfloor.connectors.services import checked_addresses, send_mail
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.kernel.text import visible
from watchfloor.mail.contracts import PreviewBody
from watchfloor.mail.services import SHORTEST_PASSWORD, encrypted_zip, file_name, inert_page, read_apart
from watchfloor.response.quarantine.contracts import CopyStatus
from watchfloor.response.quarantine.models import QuarantinedMail

audit_verb("quarantine.preview", "{actor} read the content of {target} in quarantine")
audit_verb("quarantine.headers", "{actor} read the headers of {target} in quarantine")
audit_verb("quarantine.download", "{actor} downloaded {target} from quarantine")
audit_verb("quarantine.share", "{actor} sent a copy of {target} out of quarantine")

READ, MANAGE = Permission.QUARANTINE_READ, Permission.QUARANTINE_MANAGE
GONE = (CopyStatus.DELETED.value, CopyStatus.EXPIRED.value)
MOST_PREVIEWED = 20 << 20
MOST_HEADERS = 256 << 10
MOST_SHARED = 20


def raw_of(mail: QuarantinedMail) -> bytes:
    """The mail as it came. Raises NotFound when it is not held any more: deleted, expired, or its bytes are gone."""
    if not mail.copies.exclude(status__in=GONE).exists():
        raise NotFound("this mail is no longer kept in quarantine", place=str(mail.pk))
    return raw_mail(mail.sha256)


def preview(*, by: Actor, mail: QuarantinedMail, plain: bool = False, now: datetime) -> PreviewBody:
    """The content made inert: links and pictures off, or its text alone. Raises NotFound."""
    with audited(
        by=by, permission=READ, verb="quarantine.preview", target_type="quarantine", target=named(mail)
    ) as result:
        result["after"] = {"mail": mail.pk, "sha256": mail.sha256}
        return read(mail, plain=plain, now=now)


def read(mail: QuarantinedMail, *, plain: bool = False, now: datetime) -> PreviewBody:
    """The same for a caller whose look is on the record already."""
    raw = raw_of(mail)
    if len(raw) > MOST_PREVIEWED:
        return inert_page(
            html="", text=f"This mail has {len(raw):,} bytes, too many for a preview. It can be downloaded."
        )
    return read_apart(raw, now=now, plain=plain)


def headers(*, by: Actor, mail: QuarantinedMail) -> str:
    """The header lines as they came, made visible. Raises NotFound."""
    with audited(
        by=by, permission=READ, verb="quarantine.headers", target_type="quarantine", target=named(mail)
    ) as result:
        result["after"] = {"mail": mail.pk}
        return header_lines(mail)


def header_lines(mail: QuarantinedMail) -> str:
    block = raw_of(mail)[:MOST_HEADERS].replace(b"\r\n", b"\n").split(b"\n\n", 1)[0]
    return "\n".join(visible(line.replace("\t", " ")) for line in block.decode("utf-8", "replace").split("\n"))


def check_download(*, reason: str, password: str) -> None:
    """Raises BadInput naming the field."""
    if not reason.strip():
        raise BadInput("say why you need the mail; the audit log keeps it", place="reason")
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput(f"the password needs at least {SHORTEST_PASSWORD} characters", place="password")


def download(*, by: Actor, mails: Sequence[QuarantinedMail], reason: str, password: str) -> bytes:
    """These mails as .eml files in a zip encrypted with AES-256; those no longer kept are left out.

    Raises BadInput, NotFound when none is kept.
    """
    check_download(reason=reason, password=password)
    target = named(mails[0]) if len(mails) == 1 else f"{len(mails):,} messages"
    with audited(
        by=by,
        permission=READ,
        verb="quarantine.download",
        target_type="quarantine",
        target=target,
        reason=reason.strip(),
    ) as result:
        files = list(eml_files(mails))
        if not files:
            raise NotFound("none of these mails is kept in quarantine any more")
        result["after"] = {"mails": [mail.pk for mail in mails[:100]], "files": len(files)}
        return encrypted_zip(files, password=password)


def eml_files(mails: Iterable[QuarantinedMail]) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each that is still kept."""
    for mail in mails:
        try:
            raw = raw_of(mail)
        except NotFound:
            continue
        yield f"{mail.pk}-{file_name(mail.subject, fallback='mail')}.eml", raw


def share(*, by: Actor, mail: QuarantinedMail, to: Sequence[str], reason: str, now: datetime) -> int:
    """Send the mail to these people, attached to a mail of ours; returns how many.

    Raises BadInput (nobody, too many, no reason), NotFound, NotConfigured when nothing sends mail.
    """
    addresses = checked_addresses([one for one in to if one.strip()])
    if not addresses or len(addresses) > MOST_SHARED:
        raise BadInput(f"name at least one and at most {MOST_SHARED} people", place="to")
    if not reason.strip():
        raise BadInput("say why; the people and the audit log read it", place="reason")
    with audited(
        by=by,
        permission=MANAGE,
        verb="quarantine.share",
        target_type="quarantine",
        target=named(mail),
        reason=reason.strip(),
    ) as result:
        raw = raw_of(mail)
        result["after"] = {"mail": mail.pk, "to": list(addresses), "sha256": mail.sha256}
        name = file_name(mail.subject, fallback="mail")
        send_mail(
            to=addresses,
            subject=f"Quarantined mail: {visible(mail.subject)[:120]}",
            text=f"{by.name} sends you a mail that was quarantined as {mail.reason}.\n\n{reason.strip()}\n\n"
            "It is attached as it came and may be dangerous: follow no link in it and open no file of it.\n",
            attachments=[Attachment(f"{name}.eml", "application/octet-stream", raw)],
            dedup_key=f"quarantine-share-{mail.pk}-{by.id}-{now:%Y%m%d%H%M%S}",
            now=now,
        )
    return len(addresses)


def named(mail: QuarantinedMail) -> str:
    """What the audit log calls it."""
    return f"“{str(mail)[:150]}”"
