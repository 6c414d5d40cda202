"""The mark on mail that is released from quarantine, by which our own milter knows it and lets it pass unjudged.

The mark holds until a moment, for one recipient, one text and the headers by which it is read; without this installation's key nobody can make one. A milter that
sees it takes it away again, so that it reaches nobody.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from django.utils.crypto import salted_hmac

HEADER = "X-Watchfloor-Release"
HOLDS = timedelta(days=5)
"""As long as mail servers usually keep trying."""
MOST = 10
BOUND = frozenset({b"subject", b"content-type", b"content-transfer-encoding"})
"""Headers by which a text is read: the mark holds for these as they were. Addresses are not among them, as mail servers complete
and rewrite them."""
_SALT = "watchfloor.connectors.releasing"


def marked(raw: bytes, *, recipient: str, now: datetime) -> bytes:
    """The mail with the mark in front of its headers, its line ends as SMTP wants them."""
    text = re.sub(rb"\r?\n", b"\r\n", raw)
    header, _, body = text.partition(b"\r\n\r\n")
    until = int((now + HOLDS).timestamp())
    line = f"{HEADER}: {until}.{_proof(until, recipient, _digest(_fields_of(header), body))}\r\n"
    return line.encode() + text


def is_released(
    marks: Sequence[str],
    body: bytes,
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
    recipients: Iterable[str],
    now: datetime,
) -> bool:
    """Whether one of the header's values is a mark of ours for this text, what people see of its `headers` and every one of
    these recipients.

    A mail has one mark of ours, and perhaps one that somebody else put in: no more than MOST are looked at.
    """
    wanted = {one.strip().lower() for one in recipients}
    if not wanted or not marks:
        return False
    digest = _digest(headers, re.sub(rb"\r?\n", b"\r\n", body))
    return any(all(_holds(mark.strip(), one, digest, now) for one in wanted) for mark in marks[:MOST])


def _holds(mark: str, recipient: str, digest: str, now: datetime) -> bool:
    until, _, proof = mark.partition(".")
    if not (until.isascii() and until.isdecimal() and len(until) < 12):
        return False
    fresh = now <= datetime.fromtimestamp(int(until), UTC)
    return fresh and hmac.compare_digest(proof.encode(), _proof(int(until), recipient, digest).encode())


def _digest(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> str:
    """Of the text and the headers by which it is read, each as often as it stands; blanks and folding are the mail servers'."""
    hashed = hashlib.sha256(body.rstrip(b"\r\n"))
    kept = [(name.strip().lower(), b"".join(value.split())) for name, value in headers]
    for name, value in sorted(one for one in kept if one[0] in BOUND):
        hashed.update(b"\n%d %s:%d %s" % (len(name), name, len(value), value))
    return hashed.hexdigest()


def _fields_of(header: bytes) -> list[tuple[bytes, bytes]]:
    """(name, value) of each field, folded lines with their field."""
    found: list[tuple[bytes, bytes]] = []
    for line in header.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            if found:
                found[-1] = (found[-1][0], found[-1][1] + line)
            continue
        name, _, value = line.partition(b":")
        found.append((name, value))
    return found


def _proof(until: int, recipient: str, digest: str) -> str:
    proof = salted_hmac(_SALT, f"{until}\n{recipient.strip().lower()}\n{digest}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(proof).decode().rstrip("=")
