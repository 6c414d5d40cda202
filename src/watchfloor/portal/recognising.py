"""What a search text may be, from its shape alone."""

import ipaddress
import re

from watchfloor.portal.contracts import Kind, Wanted

LONGEST = 2000
NUMBER = re.compile(r"(?:incident\s*)?#?\s*(\d{1,9})", re.IGNORECASE)
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
MESSAGE_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")
ADDRESS = re.compile(r"[^\s<>@,;:\"]+@[a-z0-9.-]+\.[a-z0-9-]{2,}", re.IGNORECASE)
URL = re.compile(r"(?:https?|hxxps?|ftp)://\S+", re.IGNORECASE)
DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}", re.IGNORECASE)


def recognise(text: str) -> tuple[Wanted, ...]:
    """Every reading of `text`, the surest first; free text last, unless the shape leaves no doubt. Empty text has none.

    Analysts write addresses so that nobody clicks them (hxxp, [.]): those are read as meant.
    """
    text = " ".join(text[:LONGEST].replace("\0", "").split())
    if not text:
        return ()
    meant = text.replace("[.]", ".").replace("[:]", ":").replace("[@]", "@")
    return _certain(meant) or (*_possible(meant), Wanted(Kind.TEXT, text))


def _certain(text: str) -> tuple[Wanted, ...]:
    if UUID.fullmatch(text):
        return (Wanted(Kind.NETWORK_MESSAGE_ID, text.lower()),)
    if SHA256.fullmatch(text):
        return (Wanted(Kind.HASH, text.lower()),)
    if MESSAGE_ID.fullmatch(text):
        return (Wanted(Kind.MESSAGE_ID, text),)
    if URL.fullmatch(text):
        return (Wanted(Kind.URL, re.sub(r"^hxxp", "http", text, flags=re.IGNORECASE)),)
    try:
        return (Wanted(Kind.IP, str(ipaddress.ip_address(text))),)
    except ValueError:
        return ()


def _possible(text: str) -> tuple[Wanted, ...]:
    number = NUMBER.fullmatch(text)
    if number:
        return (Wanted(Kind.INCIDENT_NUMBER, number[1].lstrip("0") or "0"),)
    if ADDRESS.fullmatch(text):
        # A Message-ID without its angle brackets looks like an address.
        return (Wanted(Kind.ADDRESS, text.lower()), Wanted(Kind.MESSAGE_ID, f"<{text}>"))
    if DOMAIN.fullmatch(text):
        return (Wanted(Kind.DOMAIN, text.lower()),)
    return ()
