"""The signed part of a protected link: which URL, of which mail, to whom. Pure.

A token is base64url of: a version byte, the mail's fingerprint (32 bytes; zeros: no mail), two bytes of length and the recipient's address, the URL, and sixteen bytes of HMAC-SHA256 over all before. Without the signature nothing is followed, so
that a link is never an open redirector; reading what a token names needs no key.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

VERSION = 1
MAIL_BYTES = 32
MAC_BYTES = 16
LONGEST = 40_000
"""Characters of a token; longer ones are not looked at."""
_HEAD = 1 + MAIL_BYTES + 2


@dataclass(frozen=True, slots=True)
class Link:
    """`mail` is the mail's fingerprint in hex, "" for none; `recipient` is known when it was the only one."""

    url: str
    mail: str = ""
    recipient: str = ""


def sign(link: Link, *, key: bytes) -> str:
    """The token of a link."""
    mail = bytes.fromhex(link.mail) if link.mail else bytes(MAIL_BYTES)
    who = link.recipient.encode()[:400]
    payload = bytes([VERSION]) + mail + len(who).to_bytes(2, "big") + who + link.url.encode("utf-8", "replace")
    return base64.urlsafe_b64encode(payload + _mac(payload, key)).rstrip(b"=").decode()


def verify(token: str, *, key: bytes) -> Link | None:
    """What a token names; None when we did not sign it."""
    packed = _unpacked(token)
    if packed is None:
        return None
    payload, mac = packed[:-MAC_BYTES], packed[-MAC_BYTES:]
    return _read(payload) if hmac.compare_digest(mac, _mac(payload, key)) else None


def _mac(payload: bytes, key: bytes) -> bytes:
    return hmac.digest(key, payload, hashlib.sha256)[:MAC_BYTES]


def _unpacked(token: str) -> bytes | None:
    if len(token) > LONGEST or not token.isascii():
        return None
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return packed if len(packed) > _HEAD + MAC_BYTES and packed[0] == VERSION else None


def _read(payload: bytes) -> Link | None:
    mail = payload[1 : 1 + MAIL_BYTES]
    end = _HEAD + int.from_bytes(payload[_HEAD - 2 : _HEAD], "big")
    try:
        recipient, url = payload[_HEAD:end].decode(), payload[end:].decode()
    except UnicodeDecodeError:
        return None
    return Link(url, mail.hex() if any(mail) else "", recipient) if url else None
