"""SPF, DKIM, DMARC, ARC and the composite of them: read from our own border's header, or verified here.

An Authentication-Results header counts only when its authserv-id is one of ours and it stands above the second
outside hop: whatever lies below was written by strangers (RFC 8601 section 5; the border must strip forgeries of
our id). A Microsoft 365 tenant writes no authserv-id: that form counts only in the part of the headers that our own
tenant wrote, see `tenant_headers`.
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
_REASON = re.compile(r"compauth\s*=\s*[a-z]+\s+reason\s*=\s*(\d{3})", re.IGNORECASE)


def read_results(headers: tuple[Header, ...], authserv_ids: frozenset[str]) -> Authentication:
    """What our own border found; all "none" when no believable header is there."""
    found: dict[str, list[str]] = {}
    source = ""
    for header in headers[: border_end(headers)]:
        if header.name.lower() != "authentication-results":
            continue
        identity = authserv_id(header.value)
        if identity not in authserv_ids or (source and identity != source):
            continue
        source = identity
        # Headers are put on top: of two under our name that speak of the same method, the lower may be the sender's.
        found = _results(header.value) | found
    return _best(found, f"trusted hop {source}") if source else Authentication()


def read_tenant_results(above: tuple[Header, ...]) -> Authentication:
    """What our own Microsoft 365 tenant found, given the headers it put above its border's Received line."""
    values = (header.value for header in above if header.name.lower() == "authentication-results")
    value = next((value for value in values if not authserv_id(value)), "")
    if not value:
        return Authentication()
    reason = _REASON.search(value)
    found = _best(_results(value), "our own Microsoft 365 tenant")
    return replace(found, reason=reason[1] if reason else "")


def _results(value: str) -> dict[str, list[str]]:
    """Method -> its results in one header, in order."""
    results: dict[str, list[str]] = {}
    for method, result in _RESULT.findall(_COMMENT.sub(" ", value)):
        word = result.lower()
        results.setdefault(method.lower(), []).append(word if method.lower() == "compauth" else _word(word))
    return results


def _best(found: dict[str, list[str]], source: str) -> Authentication:
    best = {method: min(results, key=_ORDER.index) for method, results in found.items() if method != "compauth"}
    return with_composite(Authentication(source=source, **best), stated=(found.get("compauth") or [""])[0])


def authserv_id(value: str) -> str:
    """The lower-case authserv-id of an Authentication-Results value; "" in Microsoft's form, which starts with a result."""
    head = _COMMENT.sub(" ", value).split(";", 1)[0].split()
    return "" if not head or "=" in head[0] else head[0].lower().strip('"')


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
