"""The signed part of a protected link: which URL, of which mail, to whom. Pure.

A token is base64url of: a version byte, the mail's fingerprint (32 bytes; zeros: no mail), two bytes of length and the recipient's
address, the URL, and sixteen bytes of HMAC-SHA256 over all before. Of a URL too long for what lies between a mail and us (proxies,
lines of mail) version 2 holds its SHA-256 and how it begins. Without the signature nothing is followed, so that a link is never an
open redirector; reading what a token names needs no key.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

WHOLE, DIGEST = 1, 2
"""The versions: with the URL, with its digest and beginning."""
DIGEST_BYTES = 32
SHOWN = 300
"""Bytes of a long URL's beginning."""
MAIL_BYTES = 32
MAC_BYTES = 16
LONGEST = 40_000
"""Characters of a token; longer ones are not looked at."""
_HEAD = 1 + MAIL_BYTES + 2


@dataclass(frozen=True, slots=True)
class Link:
    """`mail` is the mail's fingerprint in hex, "" for none; `recipient` is known when it was the only one.

    With `digest` (SHA-256 in hex) the URL was too long, and `url` is only how it begins.
    """

    url: str
    mail: str = ""
    recipient: str = ""
    digest: str = ""


def shortened(link: Link) -> Link:
    """The link of a URL that stands elsewhere, under its digest."""
    whole = link.url.encode("utf-8", "replace")
    return Link(whole[:SHOWN].decode("utf-8", "ignore"), link.mail, link.recipient, hashlib.sha256(whole).hexdigest())


def sign(link: Link, *, key: bytes) -> str:
    """The token of a link."""
    mail = bytes.fromhex(link.mail) if link.mail else bytes(MAIL_BYTES)
    who = link.recipient.encode()[:400]
    version, digest = (DIGEST, bytes.fromhex(link.digest)) if link.digest else (WHOLE, b"")
    url = digest + link.url.encode("utf-8", "replace")
    payload = bytes([version]) + mail + len(who).to_bytes(2, "big") + who + url
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
    return packed if len(packed) > _HEAD + MAC_BYTES and packed[0] in (WHOLE, DIGEST) else None


def _read(payload: bytes) -> Link | None:
    mail = payload[1 : 1 + MAIL_BYTES]
    end = _HEAD + int.from_bytes(payload[_HEAD - 2 : _HEAD], "big")
    begin = end + DIGEST_BYTES if payload[0] == DIGEST else end
    try:
        recipient, url = payload[_HEAD:end].decode(), payload[begin:].decode()
    except UnicodeDecodeError:
        return None
    return Link(url, mail.hex() if any(mail) else "", recipient, payload[end:begin].hex()) if url else None
