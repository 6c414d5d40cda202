"""Whether one domain is made to be taken for another."""

from functools import lru_cache

from watchfloor.inspection.folding import skeleton
from watchfloor.inspection.urls import registrable

_SHORTEST = 5


@lru_cache(maxsize=4096)
def looks_like(domain: str, own: str) -> bool:
    """Whether the registrable `domain` imitates `own`: look-alike letters, one letter off, our name with an addition,
    or our name under another ending. Names under five letters are only tested for look-alike letters."""
    own = registrable(own)
    if not domain or domain == own or domain.endswith("." + own):
        return False
    ours, theirs = own.partition(".")[0], _readable(domain.partition(".")[0])
    if skeleton(theirs) == skeleton(ours) and theirs != ours:
        return True
    if len(ours) < _SHORTEST:
        return False
    parts = theirs.replace("_", "-").split("-")
    return theirs == ours or ours in parts or (len(parts) > 1 and "".join(parts) == ours) or one_off(theirs, ours)


def _readable(label: str) -> str:
    """A punycode label as the letters it stands for."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label


def one_off(left: str, right: str) -> bool:
    """Whether two names differ by one letter changed, added, left out, or two neighbours swapped."""
    if abs(len(left) - len(right)) > 1 or left == right:
        return False
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    a, b = left[start:], right[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])
