"""The mark on mail that is released from quarantine, by which our own milter knows it and lets it pass unjudged.

The mark holds until a moment, for one recipient and one text; without this installation's key nobody can make one. A milter that
sees it takes it away again, so that it reaches nobody.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.utils.crypto import salted_hmac

HEADER = "X-Watchfloor-Release"
HOLDS = timedelta(days=5)
"""As long as mail servers usually keep trying."""
_SALT = "watchfloor.connectors.releasing"


def marked(raw: bytes, *, recipient: str, now: datetime) -> bytes:
    """The mail with the mark in front of its headers, its line ends as SMTP wants them."""
    text = re.sub(rb"\r?\n", b"\r\n", raw)
    until = int((now + HOLDS).timestamp())
    line = f"{HEADER}: {until}.{_proof(until, recipient, _body_of(text))}\r\n"
    return line.encode() + text


def is_released(marks: Iterable[str], body: bytes, *, recipients: Iterable[str], now: datetime) -> bool:
    """Whether one of the header's values is a mark of ours for this text and every one of these recipients."""
    wanted = [one.strip().lower() for one in recipients]
    return bool(wanted) and any(
        all(_holds(mark.strip(), one, re.sub(rb"\r?\n", b"\r\n", body), now) for one in wanted) for mark in marks
    )


def _holds(mark: str, recipient: str, body: bytes, now: datetime) -> bool:
    until, _, proof = mark.partition(".")
    if not (until.isascii() and until.isdecimal() and len(until) < 12):
        return False
    fresh = now <= datetime.fromtimestamp(int(until), UTC)
    return fresh and hmac.compare_digest(proof.encode(), _proof(int(until), recipient, body).encode())


def _proof(until: int, recipient: str, body: bytes) -> str:
    digest = hashlib.sha256(body.rstrip(b"\r\n")).hexdigest()
    proof = salted_hmac(_SALT, f"{until}\n{recipient.strip().lower()}\n{digest}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(proof).decode().rstrip("=")


def _body_of(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[2]
