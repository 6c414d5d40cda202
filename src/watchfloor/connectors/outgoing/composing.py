"""One mail as bytes: headers built from checked parts only, so that no subject, name or address can add a header."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from watchfloor.connectors.outgoing.words import Attachment, Sender
from watchfloor.kernel.errors import BadInput

MOST_RECIPIENTS = 100
LONGEST_SUBJECT = 200
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_CONTENT_ID = re.compile(r"[a-z0-9.-]+@[a-z0-9.-]+")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")


def checked_address(text: str) -> str:
    """An address as it stands in an envelope: its domain in ASCII and lower case. Raises BadInput for anything else."""
    local, _, domain = text.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        domain = ""
    if len(local) > 64 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise BadInput(f"“{one_line(text)}” is not a mail address", place="to")
    return f"{local}@{domain}"


def checked_addresses(texts: Sequence[str]) -> tuple[str, ...]:
    """Each once, in order. Raises BadInput for none, for too many, and for what is no address."""
    found = tuple(dict.fromkeys(map(checked_address, texts)))
    if not found:
        raise BadInput("a mail needs somebody to go to", place="to")
    if len(found) > MOST_RECIPIENTS:
        raise BadInput(f"a mail goes to {MOST_RECIPIENTS} addresses at most; use a list on the mail server", place="to")
    return found


def one_line(text: str) -> str:
    """Text without line ends, control and direction characters: what a header may hold."""
    plain = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    return " ".join(plain.split())


def message_id(dedup_key: str, *, sender: Sender, at: datetime) -> str:
    """The same for the same key and moment, so that a mail that is sent again can be recognised."""
    digest = hashlib.sha256(f"{dedup_key}\0{at.isoformat()}".encode()).hexdigest()[:40]
    return f"<{digest}@{sender.address.rpartition('@')[2]}>"


def compose(
    *,
    sender: Sender,
    to: Sequence[str],
    subject: str,
    text: str,
    html: str,
    attachments: Sequence[Attachment],
    message_id: str,
    at: datetime,
) -> bytes:
    """The whole mail with CRLF line ends. `to` is checked already."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(one_line(sender.name), addr_spec=sender.address)
    mail["To"] = [Address(addr_spec=address) for address in to]
    mail["Subject"] = one_line(subject)[:LONGEST_SUBJECT]
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice answers it
    mail.set_content(text, cte="quoted-printable")
    if html:
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
    for one in sorted(attachments, key=lambda one: not one.inline):
        _attach(mail, one, html=bool(html))
    return mail.as_bytes()


def _attach(mail: EmailMessage, one: Attachment, *, html: bool) -> None:
    if not _MEDIA_TYPE.fullmatch(one.media_type):
        raise BadInput(f"“{one_line(one.media_type)}” is no media type", place="attachments")
    main, sub = one.media_type.split("/")
    name = re.sub(r'[\\/:*?"<>|]', "_", one_line(one.name))[:100] or "attachment"
    if not one.inline:
        mail.add_attachment(one.content, maintype=main, subtype=sub, filename=name)
        return
    if not html or not _CONTENT_ID.fullmatch(one.inline):
        raise BadInput(
            "a picture within the text needs HTML and a Content-ID like logo@corp.example", place="attachments"
        )
    told = [part for part in mail.walk() if part.get_content_type() == "text/html"]
    _around(mail, told[0]).add_related(
        one.content, maintype=main, subtype=sub, cid=f"<{one.inline}>", filename=name, disposition="inline"
    )


def _around(mail: EmailMessage, html: EmailMessage) -> EmailMessage:
    """The part that holds the HTML and what it shows, once there is one; else the HTML itself, which becomes it."""
    return next((part for part in mail.walk() if part.get_content_type() == "multipart/related"), html)
