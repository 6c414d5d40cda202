"""Requests that no person made: previews, prefetching browsers, link scanners. They are answered and not counted as clicks."""

import re
from collections.abc import Mapping

_AHEAD = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_ROBOT = re.compile(
    r"bot\b|crawl|spider|slurp|preview|scanner|facebookexternalhit|whatsapp|skypeuripreview|embedly|headlesschrome"
    r"|curl/|wget/|python-|go-http-client|java/|okhttp|libwww|ms-office|microsoft office existence|office protocol discovery",
    re.IGNORECASE,
)


def made_by_nobody(method: str, headers: Mapping[str, str]) -> bool:
    """HEAD, what a browser fetches ahead (Purpose, Sec-Purpose, X-Moz), and programs that name themselves."""
    if method == "HEAD":
        return True
    ahead = " ".join(headers.get(name, "") for name in ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"))
    return bool(_AHEAD.search(ahead) or _ROBOT.search(headers.get("User-Agent", "")))
