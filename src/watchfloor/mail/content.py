"""Reading the content of a mail: only with the right, only on the record."""

import io
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import IO, Any
from zipfile import ZIP_DEFLATED

from pyzipper.zipfile_aes import WZ_AES, AESZipFile

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.selectors import raw_mail
from watchfloor.kernel.errors import BadInput
from watchfloor.mail.apart import read_apart
from watchfloor.mail.contracts import EmailEntity, PreviewBody
from watchfloor.mail.inert import inert_page

audit_verb("email.preview", "{actor} read the content of the mail {target}")
audit_verb("email.download", "{actor} downloaded the mail {target}")

SHORTEST_PASSWORD = 8
MOST_PREVIEWED = 20 << 20


def preview(*, by: Actor, entity: EmailEntity, now: datetime) -> PreviewBody:
    """The mail's content made inert. Needs Preview (EMAIL_CONTENT_READ); writes an audit entry.

    A mail that killed or defeated its inspection is not taken apart again here. Raises NotFound when the raw mail is gone.
    """
    with audited(
        by=by, permission=Permission.EMAIL_CONTENT_READ, verb="email.preview", target_type="email", target=entity.id
    ) as result:
        result["after"] = {"recipient": entity.recipient, "subject": entity.subject[:200]}
        return read(entity, now=now)


def read(entity: EmailEntity, *, now: datetime) -> PreviewBody:
    """The content made inert, for a caller whose look is on the record already."""
    why = str(entity.summary.get("unparsable") or "")
    if why:
        return inert_page(
            html="", text=f"This mail could not be taken apart, so it is not shown: {why}. It can be downloaded."
        )
    raw = raw_mail(entity.record.sha256)
    if len(raw) > MOST_PREVIEWED:
        return inert_page(
            html="", text=f"This mail has {len(raw):,} bytes, too many for a preview. It can be downloaded."
        )
    return read_apart(raw, now=now)


def suggested_password() -> str:
    """A password for one download, shown once and kept nowhere."""
    return secrets.token_urlsafe(12)


def download(*, by: Actor, entity: EmailEntity, reason: str, password: str) -> bytes:
    """The raw mail in a zip encrypted with AES-256. Needs Preview and a reason; writes an audit entry with the reason.

    Raises BadInput naming the field, NotFound when the raw mail is gone.
    """
    if not reason.strip():
        raise BadInput("say why you need the mail; the audit log keeps it", place="reason")
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput(f"the password needs at least {SHORTEST_PASSWORD} characters", place="password")
    with audited(
        by=by,
        permission=Permission.EMAIL_CONTENT_READ,
        verb="email.download",
        target_type="email",
        target=entity.id,
        reason=reason.strip(),
    ) as result:
        raw = raw_mail(entity.record.sha256)
        result["after"] = {"recipient": entity.recipient, "bytes": len(raw), "sha256": entity.record.sha256}
        return encrypted_zip([(f"{entity.id}.eml", raw)], password=password)


def encrypted_zip(files: Iterable[tuple[str, bytes]], *, password: str) -> bytes:
    """A zip of these (name, bytes), encrypted with AES-256."""
    target = io.BytesIO()
    write_encrypted_zip(target, files, password=password)
    return target.getvalue()


def write_encrypted_zip(target: IO[bytes], files: Iterable[tuple[str, bytes]], *, password: str) -> int:
    """The same into a file, one mail in memory at a time; returns how many files."""
    archive: Any = AESZipFile(target, "w", compression=ZIP_DEFLATED, encryption=WZ_AES)  # type: ignore[no-untyped-call]
    written = 0
    with archive:
        archive.setpassword(password.encode())
        for name, data in files:
            archive.writestr(name, data)
            written += 1
    return written
