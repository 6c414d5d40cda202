"""Which mail brought the address that somebody went to: the same URL, to the same person, within thirty days before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from watchfloor.identities.page import kql
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake.selectors import hunt

BEFORE = timedelta(days=30)
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Brought:
    """The mail: its id, its threats, and a sentence; ids are empty where none brought it."""

    message: str = ""
    threats: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Mails:
    """URLs that came by mail, by (recipient, host): each (when, URL, message, threats, subject), newest first."""

    by_host: Mapping[tuple[str, str], list[tuple[datetime, str, str, str, str]]]

    def brought(self, who: str, url: str, at: datetime, *, host_only: bool) -> Brought:
        """The newest mail before the click. Of a tunnel the proxy sees the host alone, which counts only for mails with a threat."""
        came = [one for one in self.by_host.get((who, host_of(url)), ()) if at - BEFORE <= one[0] <= at]
        wanted = _plain(url)
        for when, sent, message, threats, subject in came:
            if _plain(sent) == wanted or (host_only and threats):
                what = "The host, of which the proxy sees no path," if host_only else "The same URL"
                return Brought(
                    message, threats, f"{what} came to {who} on {when:%d %B, %H:%M} UTC in the mail “{subject[:80]}”"
                )
        return Brought()


def host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _plain(url: str) -> str:
    """A URL without what a browser or proxy adds or leaves out: case of the host, a closing slash, the fragment."""
    scheme, _, rest = url.partition("#")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}".rstrip("/")


def mails_with(clicks: Iterable[tuple[str, str, datetime]], *, now: datetime) -> Mails:
    """What came to these people with these URLs' hosts, given as (person, URL, when); one question to the lake."""
    given = [(who, host_of(url), at) for who, url, at in clicks if who]
    if not given:
        return Mails({})
    first, last = min(at for _, _, at in given) - BEFORE, max(at for _, _, at in given)
    question = (
        f"EmailUrlInfo | where Timestamp between ({kql.moment(first)} .. {kql.moment(last)})\n"
        f"| where {kql.one_of('UrlDomain', sorted({host for _, host, _ in given if host}))}\n"
        f"| where {kql.one_of('RecipientEmailAddress', sorted({who for who, _, _ in given}))}\n"
        "| project Timestamp, Url, UrlDomain, RecipientEmailAddress, NetworkMessageId, ThreatTypes, Subject\n"
        f"| sort by Timestamp desc | take {MOST}"
    )
    try:
        answer = hunt(question, now=now, limit=MOST)
    except WatchfloorError:
        return Mails({})
    columns = [name for name, _ in answer.columns]
    found: dict[tuple[str, str], list[tuple[datetime, str, str, str, str]]] = defaultdict(list)
    for values in answer.rows:
        one: dict[str, Any] = dict(zip(columns, values, strict=True))
        row = (one["Timestamp"], one["Url"], one["NetworkMessageId"], one["ThreatTypes"] or "", one["Subject"] or "")
        found[one["RecipientEmailAddress"], one["UrlDomain"]].append(row)
    return Mails(found)
