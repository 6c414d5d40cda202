"""SPF, DKIM, DMARC, ARC and the composite of them: read from our own border's header, or verified here.

An Authentication-Results header counts only when its authserv-id is one of ours and it stands above the second
outside hop: whatever lies below was written by strangers (RFC 8601 section 5; the border must strip forgeries of
our id). A Microsoft tenant writes no authserv-id: that form counts only when one of our ids is `…outlook.com`.
"""

import re
from dataclasses import replace

from watchfloor.inspection.contracts import Authentication, Header
from watchfloor.inspection.delivery import border_end

_RESULT = re.compile(r"(?:^|[;\s])(spf|dkim|dmarc|arc|compauth)\s*=\s*([a-z]+)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]{0,2000}\)")
_WORDS = frozenset(["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror", "bestguesspass"])
_SYNONYMS = {"hardfail": "fail", "error": "permerror", "unknown": "permerror", "policy": "fail"}
_ORDER = ("pass", "bestguesspass", "fail", "softfail", "neutral", "permerror", "temperror", "none")
_MICROSOFT = "outlook.com"


def read_results(headers: tuple[Header, ...], authserv_ids: frozenset[str]) -> Authentication:
    """What our own border found; all "none" when no believable header is there."""
    found: dict[str, list[str]] = {}
    source = ""
    for header in headers[: border_end(headers)]:
        if header.name.lower() != "authentication-results":
            continue
        identity = authserv_id(header.value)
        believed = identity in authserv_ids if identity else is_microsoft(authserv_ids)
        if not believed or (source and identity != source):
            continue
        source = identity or "own Microsoft 365 tenant"
        results: dict[str, list[str]] = {}
        for method, result in _RESULT.findall(_COMMENT.sub(" ", header.value)):
            word = result.lower()
            results.setdefault(method.lower(), []).append(word if method.lower() == "compauth" else _word(word))
        # Headers are put on top: of two under our name that speak of the same method, the lower may be the sender's.
        found = results | found
    if not source:
        return Authentication()
    best = {method: min(results, key=_ORDER.index) for method, results in found.items() if method != "compauth"}
    return with_composite(
        Authentication(source=f"trusted hop {source}", **best), stated=(found.get("compauth") or [""])[0]
    )


def authserv_id(value: str) -> str:
    """The lower-case authserv-id of an Authentication-Results value; "" in Microsoft's form, which starts with a result."""
    head = _COMMENT.sub(" ", value).split(";", 1)[0].split()
    return "" if not head or "=" in head[0] else head[0].lower().strip('"')


def is_microsoft(authserv_ids: frozenset[str]) -> bool:
    """Whether the organisation's own border is Microsoft 365."""
    return any(name == _MICROSOFT or name.endswith("." + _MICROSOFT) for name in authserv_ids)


def _word(result: str) -> str:
    return result if result in _WORDS else _SYNONYMS.get(result, "none")


def with_composite(found: Authentication, *, stated: str = "") -> Authentication:
    """The same results with one word for all: as stated by the border, else from DMARC, else from SPF and DKIM."""
    if stated in ("pass", "fail", "softpass", "none"):
        return replace(found, composite=stated)
    if found.dmarc in ("pass", "bestguesspass"):
        return replace(found, composite="pass")
    if found.dmarc == "fail":
        return replace(found, composite="fail")
    if "pass" in (found.spf, found.dkim):
        return replace(found, composite="softpass")
    failed = {"fail", "softfail", "permerror"} & {found.spf, found.dkim}
    return replace(found, composite="fail" if failed else "none")
