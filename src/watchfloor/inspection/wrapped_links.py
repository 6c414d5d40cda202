"""What lies inside links that a mail gateway rewrote, our own click protection's among them: no key is needed to read it."""

import base64
import binascii
import re
from urllib.parse import parse_qs, unquote

from watchfloor.inspection import limits

_CLICK = re.compile(r"/click/([A-Za-z0-9_-]{60,40000})(?:/form)?\Z")
_HEAD = 1 + 32 + 2
_MAC = 16
_DIGEST = 32
_PROOFPOINT_3 = re.compile(r"__(https?:.+?)__;([A-Za-z0-9_=-]*)!", re.IGNORECASE)
_PROOFPOINT_BARE = re.compile(r"__(https?:.+?)__;", re.IGNORECASE)
_STARS = re.compile(r"\*(?:\*([A-Za-z0-9_-]))?")
_RUNS = {
    mark: length for length, mark in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 2)
}


def inside(host: str, domain: str, path: str, query: str, url: str) -> str:
    """The target of a rewritten link by its parts (Safe Links, URL Defense 1 to 3, Google, ours), "" when there is none."""
    query = query[: limits.URL]
    if host.endswith("safelinks.protection.outlook.com"):
        return parse_qs(query).get("url", [""])[0]
    if host in ("www.google.com", "google.com") and path == "/url":
        asked = parse_qs(query)
        return (asked.get("q") or asked.get("url") or [""])[0]
    if domain == "urldefense.com" or host == "urldefense.proofpoint.com":
        return _proofpoint(path, query, url)
    if found := _CLICK.search(path):
        return _ours(found[1])
    return ""


def _ours(token: str) -> str:
    """See `response.clicks.tokens`; whose server it is does not matter, since the link stays listed beside its target."""
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        end = _HEAD + int.from_bytes(packed[_HEAD - 2 : _HEAD], "big")
        end += _DIGEST if packed[0] == 2 else 0  # of a very long URL only the beginning stands in its link
        target = packed[end:-_MAC].decode()
    except (binascii.Error, ValueError):
        return ""
    return target if packed[0] in (1, 2) and target.startswith(("http://", "https://")) else ""


def _proofpoint(path: str, query: str, url: str) -> str:
    if found := _PROOFPOINT_3.search(url):
        return _slashes(_filled(found[1], found[2]))
    if found := _PROOFPOINT_BARE.search(url):
        return _slashes(found[1])
    packed = parse_qs(query).get("u", [""])[0]
    return unquote(packed) if path.startswith("/v1/") else unquote(packed.replace("-", "%").replace("_", "/"))


def _slashes(url: str) -> str:
    return re.sub(r"^(https?:)/(?=[^/])", r"\1//", url)


def _filled(url: str, packed: str) -> str:
    """Version 3 keeps letters it could not carry apart: a star stands for one, two stars and a letter for several."""
    try:
        letters = iter(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode())
    except (binascii.Error, ValueError):
        return url

    def put(found: re.Match[str]) -> str:
        return "".join(next(letters, "*") for _ in range(_RUNS[found[1]] if found[1] else 1))

    return _STARS.sub(put, url)
