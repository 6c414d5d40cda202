"""What becomes of a click, by what is known now. Pure.

The organisation's block entries decide first, then its allow entries, then indicators, then what mail told since: the
verdict of the mail the link came with, another mail with the same URL, another mail with the same host.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.services import Parts, domains_above, take_apart, unwrapped, url_names

DEEPEST = 4
"""Links of other filters inside one another that are opened."""


class Page(StrEnum):
    """What the person gets."""

    GO = "go"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Decision:
    """`threat` is in the words of UrlClickEvents; `entry` is the organisation's, "" when none decided; `why` is for
    the person. `chain` are the URL and what lies inside it."""

    page: Page
    why: str = ""
    threat: str = ""
    entry: str = ""
    chain: tuple[str, ...] = ()

    @property
    def own(self) -> bool:
        """Whether the organisation decided it itself; nobody goes on past that."""
        return bool(self.entry)

    def action(self, *, went_on: bool) -> str:
        """UrlClickEvents.ActionType."""
        if self.page is Page.GO:
            return "ClickAllowed"
        if went_on:
            return "Block page override"
        return "ClickBlockedByTenantPolicy" if self.own else "ClickBlocked"


def chain_of(url: str) -> tuple[str, ...]:
    """The URL, and the targets inside of links that other filters rewrote."""
    found = [url]
    while len(found) <= DEEPEST:
        parts = take_apart(found[-1])
        inside = unwrapped(found[-1], parts) if parts else ""
        if not inside or inside in found:
            break
        found.append(inside)
    return tuple(found)


def url_key(url: str, parts: Parts) -> str:
    """The key of a URL in KnownBad: host, path and query, without scheme, fragment and closing slash."""
    plain = url.partition("#")[0].partition("://")[2].partition("/")[2].rstrip("/")
    return f"url:{blake2b(f'{parts.host}/{plain}'.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


def decide(url: str, mail: str, *, facts: TenantFacts, bad: Mapping[str, str]) -> Decision:
    """The decision on a URL that came with the mail of this fingerprint."""
    chain = chain_of(url)
    taken = [(one, parts) for one in chain if (parts := take_apart(one))]
    names = [name for one, parts in taken for name in _names(one, parts, whole_host=True)]
    if entry := _first(names, facts.blocked):
        return Decision(Page.BLOCK, "Your organisation blocks this address.", "Phish", entry, chain)
    if entry := _first(_allowing(taken), facts.allowed):
        return Decision(Page.GO, entry=entry, chain=chain)
    if any(name in facts.indicators for name in names):
        return Decision(Page.BLOCK, "This address is known from attacks.", "Phish", "", chain)
    return _by_mail(mail, taken, bad, chain)


def _by_mail(mail: str, taken: Iterable[tuple[str, Parts]], bad: Mapping[str, str], chain: tuple[str, ...]) -> Decision:
    if mail and (threat := bad.get(f"mail:{mail}")):
        why = "The email that this link came with turned out to be harmful."
        return Decision(Page.BLOCK, why, threat, "", chain)
    for url, parts in taken:
        if threat := bad.get(url_key(url, parts)):
            return Decision(Page.BLOCK, "Harmful emails led to this address.", threat, "", chain)
    for _, parts in taken:
        if threat := bad.get(f"host:{parts.host}"):
            why = f"Harmful emails led to other pages of {parts.host}."
            return Decision(Page.WARN, why, threat, "", chain)
    return Decision(Page.GO, chain=chain)


def _names(url: str, parts: Parts, *, whole_host: bool) -> Iterator[str]:
    yield from url_names(url, parts.host, whole_host=whole_host)
    bare = url.split("://", 1)[-1]
    for one in (url, url.rstrip("/"), bare, bare.rstrip("/")):
        yield f"url:{one}"
    for domain in domains_above(parts.host):
        yield f"domain:{domain}"
    if parts.is_ip:
        yield f"ip:{parts.host.strip('[]')}"


def _allowing(taken: Iterable[tuple[str, Parts]]) -> list[str]:
    """URL entries only: a domain entry that allows is about who sends, not about where links lead."""
    return [name for url, parts in taken for name in url_names(url, parts.host, whole_host=False)]


def _first(names: Iterable[str], entries: frozenset[str]) -> str:
    return next((name for name in names if name in entries), "")
