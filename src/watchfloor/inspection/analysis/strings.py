"""The words and addresses that lie in a file's bytes."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from watchfloor.inspection.urls import take_apart, urls_in

MOST_STRINGS = 300
MOST_INDICATORS = 200
LONGEST = 300
SEARCHED = 4 << 20
_ASCII = re.compile(rb"[\x20-\x7e]{6,2000}")
_WIDE = re.compile(rb"(?<![\x20-\x7e])(?:[\x20-\x7e]\x00){6,2000}")
_IPV4 = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\d|\.\d)")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}")
_PATH = re.compile(
    r"(?:[A-Za-z]:\\|\\\\[\w.-]+\\|%(?:temp|appdata|programdata|public)%\\)[^\s\"'<>|]{3,200}", re.IGNORECASE
)
_KEY = re.compile(r"\b(?:HKLM|HKCU|HKEY_[A-Z_]{5,30})\\[^\s\"'<>|]{3,200}")


def strings_in(data: bytes) -> tuple[str, ...]:
    """Distinct readable strings of six characters and more, in order, also those of two bytes a letter."""
    found: dict[str, None] = {}
    for pattern, encoding in ((_ASCII, "ascii"), (_WIDE, "utf-16-le")):
        for match in pattern.finditer(data[:SEARCHED]):
            found[match[0].decode(encoding, "replace")[:LONGEST]] = None
            if len(found) >= MOST_STRINGS:
                return tuple(found)
    return tuple(found)


def indicators_in(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(kind, value) of what one may search for: URLs, domains, addresses, files, registry keys; each once."""
    seen: set[tuple[str, str]] = set()
    for text in texts:
        for pair in _of_text(text):
            if pair not in seen and len(seen) < MOST_INDICATORS:
                seen.add(pair)
                yield pair


def _of_text(text: str) -> Iterator[tuple[str, str]]:
    for url in urls_in(text):
        yield "URL", url
        parts = take_apart(url)
        if parts and not parts.is_ip:
            yield "Domain", parts.host
    for kind, pattern in (
        ("IP address", _IPV4),
        ("Email address", _MAIL),
        ("File path", _PATH),
        ("Registry key", _KEY),
    ):
        for match in pattern.finditer(text):
            yield kind, match[0]


def entropy(data: bytes) -> float:
    """Bits per byte, 0 to 8; above 7.5 a file is packed or encrypted."""
    size = len(data := data[:SEARCHED])
    return -sum(count / size * math.log2(count / size) for count in Counter(data).values()) if size else 0.0
