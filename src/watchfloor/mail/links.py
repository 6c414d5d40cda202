"""The URLs of a mail (EE-40): what each is built of, where a gateway's rewriting leads, who clicked."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from watchfloor.access.contracts import Actor, Permission
from watchfloor.inspection.services import brand_of, site_kinds, take_apart, unwrapped
from watchfloor.kernel.text import csv_line, visible
from watchfloor.mail.blamed import threats_of
from watchfloor.mail.contracts import EmailEntity
from watchfloor.mail.happenings import clicks_of
from watchfloor.mail.judgement import entry_address
from watchfloor.mail.selectors import explorer_address

MOST_LOOKED_AT = 4_000
HEADS = ("URL", "Threat", "Source", "Rewritten from or to", "What it is", "Clicks")


def urls(found: EmailEntity, *, actor: Actor) -> list[dict[str, Any]]:
    """One row a URL, with its structure in words. A URL is text here, never a link to where it leads."""
    clicked = clicks_of(found)
    tunes = actor.may(Permission.DETECTION_TUNE)
    return [_row(one, found, clicked, tunes=tunes) for one in found.record.urls]


def _row(
    one: Mapping[str, Any], found: EmailEntity, clicked: Sequence[Mapping[str, Any]], *, tunes: bool
) -> dict[str, Any]:
    url, host = str(one["Url"]), str(one["UrlDomain"] or "")
    return {
        "url": visible(url),
        "domain": visible(host),
        "source": visible(one["UrlLocation"]),
        "target": visible(target_of(url)),
        "remarks": list(map(visible, remarks(url))),
        "threats": threats_of(url, host, found),
        "clicks": sum(str(row["Url"]) == url for row in clicked),
        "details": f"/explorer/url?{urlencode({'value': url})}" if len(url) <= MOST_LOOKED_AT else "",
        "explorer": explorer_address("EmailUrlInfo.Url", url, around=found.record.received_at),
        "block": entry_address(found, "url", host) if tunes and host else "",
    }


def target_of(url: str) -> str:
    """Where a rewritten URL (Safe Links, URL Defense, Google) leads; "" for any other."""
    parts = take_apart(url)
    return unwrapped(url, parts) if parts else ""


def remarks(url: str) -> list[str]:
    """What the URL's parts say: where it really leads, what it hides, what it looks like."""
    parts = take_apart(url)
    if parts is None:
        return []
    found = []
    if parts.is_ip:
        found.append("An address instead of a name")
    if "xn--" in parts.host:
        found.append(f"Letters of other scripts: {_shown(parts.host)}")
    if parts.user:
        found.append(f"“{parts.user}” before the @ is not the host")
    if parts.port not in (None, 80, 443):
        found.append(f"Port {parts.port}")
    found += [f"Leads on to {value}" for value in redirects(parts.query)]
    if brand := brand_of(parts.domain):
        found.append(f"Domain of {brand}")
    return found + list(site_kinds(parts.host))


def _shown(host: str) -> str:
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def redirects(query: str) -> list[str]:
    """Hosts of web addresses inside the query: an open redirector leads there."""
    found = [
        take_apart(value)
        for _, value in parse_qsl(query[:MOST_LOOKED_AT])
        if value[:8].lower().startswith(("http://", "https://"))
    ]
    return list(dict.fromkeys(one.host for one in found if one))[:5]


def url_lines(rows: Sequence[Mapping[str, Any]]) -> Any:
    """EE-40 as lines of CSV."""
    yield csv_line(HEADS)
    for one in rows:
        words = (", ".join(one["threats"]), one["source"], one["target"], "; ".join(one["remarks"]), one["clicks"])
        yield csv_line((one["url"], *words))
