"""A file's bytes through the same limited process that reads mail: the file travels as the only attachment of a mail of our own."""

import atexit
import base64
import mimetypes
from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from functools import cache

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.identities.content.findings import Finding, of_inspection
from watchfloor.inspection.contracts import Envelope, Inspection, TenantFacts
from watchfloor.inspection.services import THRESHOLD, InspectionPool
from watchfloor.intelligence.selectors import tenant_facts
from watchfloor.lake.services import judged

OPAQUE = "application/octet-stream"
BOUNDARY = "watchfloor-file-4d0b2f6c9a"
HEAD = (
    "From: <files@localhost>\r\nTo: <files@localhost>\r\nSubject: a stored file\r\nMessage-ID: <{sha256}@files.localhost>\r\n"
    "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary={boundary}\r\n\r\n"
    "--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
    'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
)


def inspected(files: Sequence[tuple[str, str, bytes]], *, now: datetime, facts: TenantFacts) -> list[Finding]:
    """The finding of each (name, SHA-256, bytes), in order. Other filters that are connected (ClamAV, YARA) are asked, too.

    Raises Unreachable when no inspection process can be started.
    """
    pool = _pool()
    pool.tell(facts)
    mails = [letter(name, sha256, raw) for name, sha256, raw in files]
    waiting = [pool.submit(mail, Envelope(), now) for mail in mails]
    read: list[tuple[AcceptedMail, Inspection]] = []
    for mail, future in zip(mails, waiting, strict=True):
        found = future.result()
        read.append((AcceptedMail(0, found.sha256, "stored files", now, raw=mail), found))
    weighed = judged(read, facts=facts)
    return [of_inspection(one, threshold=facts.threshold or THRESHOLD) for _, one in weighed]


def letter(name: str, sha256: str, raw: bytes) -> bytes:
    """A mail whose only content is this file."""
    kind = mimetypes.guess_type(name)[0] or OPAQUE
    if kind.startswith(
        ("message/", "multipart/")
    ):  # base64 may not encode these, so the file would be read as its base64
        kind = OPAQUE
    shown = "".join("_" if one in '"\\\r\n' or ord(one) < 32 else one for one in name)[-200:]
    shown = shown if shown.isascii() else Header(shown, "utf-8", maxlinelen=10_000).encode()
    head = HEAD.format(boundary=BOUNDARY, sha256=sha256, kind=kind, name=shown)
    body = base64.encodebytes(raw).replace(b"\n", b"\r\n")
    return head.encode() + body + f"--{BOUNDARY}--\r\n".encode()


@cache
def _pool() -> InspectionPool:
    """One process of its own, so that a share full of files does not keep mail waiting; it starts with the first file."""
    pool = InspectionPool(1, tenant_facts())
    atexit.register(pool.close)
    return pool
