"""The signature of a delivery: who has the secret knows that it comes from us, unchanged, and when."""

import hashlib
import hmac
from datetime import datetime

WINDOW_SECONDS = 300
"""How old a signature may be for a receiver that keeps to the howto; a replay is refused after it, and by the delivery's id before."""
SIGNATURE = "Watchfloor-Signature"
DELIVERY = "Watchfloor-Delivery"
EVENT = "Watchfloor-Event"


def signature(body: bytes, *, secret: str, at: datetime) -> str:
    """ "t=1732276800,v1=hex": HMAC-SHA256 over the time in seconds, a dot, and the body as it was sent."""
    seconds = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def verified(body: bytes, *, header: str, secret: str, now: datetime) -> bool:
    """What a receiver does: the signature fits the body, and is at most WINDOW_SECONDS from now. Shown in the howto."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    seconds = parts.get("t", "")
    if not (seconds.isascii() and seconds.isdigit()) or abs(now.timestamp() - int(seconds)) > WINDOW_SECONDS:
        return False
    expected = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())
