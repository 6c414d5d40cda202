"""URLs out of text, and what their parts say."""

import html
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from publicsuffixlist import PublicSuffixList

from watchfloor.inspection import limits
from watchfloor.inspection.contracts import FoundUrl
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.wrapped_links import inside

_IN_TEXT = re.compile(
    r"(?:https?|ftp|hxxps?)://[^\s<>\"'`{}|\\^]{3,8000}|\bwww\.[a-z0-9-]{1,63}\.[^\s<>\"'`{}|\\^]{2,8000}",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?)]}>*_\u2026\u3002\u300d\uff09"
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z")
_NUMBER_HOST = re.compile(r"(?:0x[0-9a-f]+|\d{8,10})\Z")
_HOST = re.compile(r"[a-z0-9_.:\-\[\]]{1,255}\Z")
# What nearly all URLs look like; the standard library takes the others apart, at ten times the cost.
_PLAIN = re.compile(
    r"(https?|ftp)://([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,6})(?::(\d{1,5}))?(/[^\\?#\s]*)?(?:\?([^\\#\s]*))?(?:#[^\\\s]*)?\Z",
    re.IGNORECASE | re.ASCII,
)
_suffixes = PublicSuffixList()


@dataclass(frozen=True, slots=True)
class Parts:
    """A URL taken apart: `host` lower-case ASCII (punycode), `domain` the registrable one, `user` before an @."""

    scheme: str
    host: str
    domain: str
    path: str
    query: str
    user: str = ""
    port: int | None = None

    @property
    def is_ip(self) -> bool:
        """Whether the host is an address and not a name."""
        return bool(_IPV4.match(self.host) or self.host.startswith("[") or _NUMBER_HOST.match(self.host))


@lru_cache(maxsize=4096)
def registrable(host: str) -> str:
    """The registrable domain of a host name (evil.co.uk of www.evil.co.uk); the host itself when it has none."""
    host = host.lower().strip(".")
    if not host or _IPV4.match(host) or host.startswith("["):
        return host
    return _suffixes.privatesuffix(host) or host


@lru_cache(maxsize=2048)
def take_apart(url: str) -> Parts | None:
    """The parts of an absolute URL; None when it has no usable host. Browsers' habits: backslashes count as slashes."""
    if plain := _PLAIN.match(url):
        host = plain[2].lower()
        port = int(plain[3]) if plain[3] else None
        return Parts(plain[1].lower(), host, registrable(host), plain[4] or "", plain[5] or "", "", port)
    text = url.replace("\\", "/")
    if text.startswith("//"):
        text = "http:" + text
    try:
        split = urlsplit(text)
        host, user, port = split.hostname or "", split.username or "", _port(split.netloc)
    except ValueError:
        return None
    host = _ascii_host(unquote(host))
    if not split.scheme or not host or not _HOST.match(host):
        return None
    if ":" in host:
        host = f"[{host}]"
    return Parts(split.scheme.lower(), host, registrable(host), split.path, split.query, user, port)


def _port(netloc: str) -> int | None:
    found = re.search(r":(\d{1,5})\Z", netloc)
    return int(found[1]) if found else None


def _ascii_host(host: str) -> str:
    host = host.lower().strip(".").replace("\u3002", ".").replace("\uff0e", ".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ".".join(_punycode(label) for label in host.split("."))


def _punycode(label: str) -> str:
    if label.isascii():
        return label
    try:
        return "xn--" + label.encode("punycode").decode("ascii")
    except UnicodeError:
        return "xn--"


def urls_in(text: str) -> list[str]:
    """The URLs written out in a text, in order, without the punctuation that follows them."""
    # Most words are none and need no search by pattern.
    if "w." in text or "W." in text:
        words = [word for word in text.split() if "://" in word or "w." in word or "W." in word]
    else:
        words = [word for word in text.split() if "://" in word] if "://" in text else []
    found: list[str] = []
    for word in words:
        for match in _IN_TEXT.finditer(word):
            url = match[0].rstrip(_TRAILING)
            if url[:4].lower() == "www.":
                url = "http://" + url
            elif url[:4].lower() == "hxxp":
                url = "http" + url[4:]
            if len(url) > 9:
                found.append(url)
        if len(found) >= limits.URLS:
            return found[: limits.URLS]
    return found


def unwrapped(url: str, parts: Parts) -> str:
    """The target inside a mail gateway's rewritten link (Safe Links, URL Defense, Google, our own), "" when there is none."""
    return inside(parts.host, parts.domain, parts.path, parts.query, url)


class UrlCollector:
    """Gathers the distinct URLs of a mail with where each stood, at most the URL limit."""

    def __init__(self, cuts: Limits) -> None:
        self._cuts = cuts
        self._found: dict[tuple[str, str], FoundUrl] = {}

    def add(self, url: str, location: str, text: str = "") -> None:
        """Keep `url` when it is an absolute web address; a rewritten link is kept together with its target."""
        if len(url) > limits.URL:
            self._cuts.cut(f"URL cut at {limits.URL >> 10} kB")
            url = url[: limits.URL]
        url = html.unescape(url) if "&amp;" in url else url
        parts = take_apart(url)
        if parts is None or parts.scheme not in ("http", "https", "ftp"):
            return
        key = (url, location)
        if key in self._found:
            if text and not self._found[key].text:
                self._found[key] = FoundUrl(url, parts.host, location, text)
            return
        if len(self._found) >= limits.URLS:
            self._cuts.cut(f"URLs cut at {limits.URLS}")
            return
        self._found[key] = FoundUrl(url, parts.host, location, text)
        if target := unwrapped(url, parts):
            self.add(target, location, text)

    def add_text(self, text: str, location: str) -> None:
        """Keep every URL written out in `text`."""
        for url in urls_in(text):
            self.add(url, location)

    @property
    def found(self) -> tuple[FoundUrl, ...]:
        """What was gathered, in order of appearance."""
        return tuple(self._found.values())
