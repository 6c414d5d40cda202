"""Builders of mails for the tests: real RFC 5322 bytes, one small function per shape."""

import base64
from datetime import UTC, datetime

from watchfloor.inspection.contracts import Envelope, Inspection, TenantFacts
from watchfloor.inspection.inspect import inspect

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OUTSIDE = "203.0.113.7"
FACTS = TenantFacts(
    own_domains=frozenset({"corp.example"}),
    authserv_ids=frozenset({"mx.corp.example"}),
    people=(("Ada Lovelace", "ada@corp.example"), ("Max Planck", "max@corp.example")),
)
RECEIVED = f"Received: from mail.sender.example (mail.sender.example [{OUTSIDE}]) by mx.corp.example with ESMTPS; Mon, 9 Nov 2026 08:00:00 +0000"


def letter(
    body: str = "Good morning Ada,\n\nthe minutes are done.\n\nBo",
    *,
    sender: str = "Bo Berg <bo@partner.example>",
    to: str = "Ada Lovelace <ada@corp.example>",
    subject: str = "Minutes",
    kind: str = "text/plain",
    extra: tuple[str, ...] = (),
    top: tuple[str, ...] = (RECEIVED,),
    message_id: str = "<1@partner.example>",
) -> bytes:
    """One single-part mail in UTF-8; `extra` are further header lines, `top` those above all others."""
    lines = [*top, f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Message-ID: {message_id}"]
    lines += ["Date: Mon, 9 Nov 2026 09:00:00 +0100", "MIME-Version: 1.0", *extra]
    lines += [f"Content-Type: {kind}; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", body]
    return "\n".join(lines).replace("\n", "\r\n").encode()


def with_file(
    data: bytes, name: str, *, body: str = "See the file.", kind: str = "application/octet-stream", **more: str
) -> bytes:
    """A mail with one attachment in base64."""
    packed = base64.encodebytes(data).decode().replace("\n", "\r\n")
    parts = (
        f"--cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
        f'--cut\r\nContent-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{packed}\r\n--cut--\r\n"
    )
    head = letter("", **more).split(b"Content-Type", 1)[0]
    return head + b'Content-Type: multipart/mixed; boundary="cut"\r\n\r\n' + parts.encode()


def html_letter(body: str, **more: str) -> bytes:
    """A mail whose only part is HTML."""
    return letter(f"<html><body>{body}</body></html>", kind="text/html", **more)


def read(raw: bytes, *, facts: TenantFacts = FACTS, **envelope: object) -> Inspection:
    """The inspection of `raw` at a fixed moment."""
    return inspect(raw, envelope=Envelope(**envelope), facts=facts, now=NOW)


def signals_of(raw: bytes, **more: object) -> dict[str, str]:
    """The evidence found: signal -> words."""
    return {reason.signal: reason.words for reason in read(raw, **more).verdict.reasons}
