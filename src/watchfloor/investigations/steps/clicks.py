"""About people who opened the links."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from watchfloor.investigations.case import Case, Row, hunted, quoted
from watchfloor.investigations.contracts import Asked, Found, FoundEntity, Verdict, Wish, WishKind
from watchfloor.kernel.text import some

LET_THROUGH = ("Allowed", "ClickAllowed", "Block page override", "Pending detonation page override")
MOST = 200
MOST_BLOCKED = 20
MANY = 3
RECENT = timedelta(hours=48)
"""So far back clicks are told of on their own: whoever clicked then may still be signed in there."""


@dataclass(frozen=True, slots=True)
class Clicks:
    """Clicks on the links in question; `bad` are the URLs that are malicious."""

    asked: Asked
    rows: tuple[Row, ...]
    bad: frozenset[str]

    @property
    def through(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row["ActionType"] in LET_THROUGH or row["IsClickedThrough"])

    @property
    def harmed(self) -> tuple[Row, ...]:
        """Those let through to a malicious link."""
        return tuple(row for row in self.through if row["Url"] in self.bad)

    @property
    def people(self) -> tuple[str, ...]:
        """Who reached a malicious link, in lower case."""
        return tuple(dict.fromkeys(str(row["AccountUpn"]).lower() for row in self.harmed if row["AccountUpn"]))

    @property
    def recent(self) -> "Clicks":
        """Those of the 48 hours before it began, and since."""
        return replace(self, rows=tuple(row for row in self.rows if row["Within48Hours"]))

    def __str__(self) -> str:
        if not self.rows:
            return "none."
        people = some(len(self.people), "person", "people")
        return f"{some(len(self.rows), 'click')}, {len(self.through):,} let through, {len(self.harmed):,} of them to a malicious link by {people}."


def clicks_of(case: Case) -> Clicks | None:
    """Clicks on links of these mails and on the malicious URLs, in the mailbox's own time; None without a link to ask about."""
    about = []
    if case.seeds.messages:
        about.append(f"NetworkMessageId in ({quoted(case.seeds.messages[:MOST])})")
    if case.urls:
        about.append(f"Url in~ ({quoted(case.urls[:50])})")
    if not about:
        return None
    text = (
        f"UrlClickEvents\n| where Timestamp between (datetime({case.start.isoformat()}) .. datetime({case.end.isoformat()}))\n"
        f"| where {' or '.join(about)}\n"
        f"| extend Within48Hours = Timestamp >= datetime({(case.created_at - RECENT).isoformat()})\n"
        "| project Timestamp, AccountUpn, Url, ActionType, ThreatTypes, IsClickedThrough, IPAddress, Within48Hours\n"
        "| sort by Timestamp desc"
    )
    question, rows = hunted(text, now=case.now)
    bad = frozenset(case.urls) | {row["Url"] for row in rows if row["ThreatTypes"]}
    return Clicks(question, tuple(rows), bad)


def who_clicked(case: Case) -> Found:
    """Who opened a link, in all the time looked at and in the 48 hours before this began (AI-32, AI-38)."""
    clicks = clicks_of(case)
    if clicks is None:
        return Found("There is no link to ask about.")
    if not clicks.rows:
        return Found("Nobody opened a link.", Verdict.UNKNOWN, (clicks.asked,))
    entities = [
        FoundEntity("user", one, verdict=Verdict.SUSPICIOUS, why="opened a malicious link", facts={"risk": "Clicked"})
        for one in clicks.people
    ]
    entities += [
        FoundEntity("url", one, verdict=Verdict.MALICIOUS, why="condemned when it was clicked")
        for one in sorted({str(row["Url"]) for row in clicks.rows if row["ThreatTypes"]})
    ]
    return Found(
        f"{clicks} In the 48 hours before this began, and since: {clicks.recent}",
        Verdict.SUSPICIOUS if clicks.harmed else Verdict.UNKNOWN,
        (clicks.asked,),
        entities=tuple(entities),
        wishes=_advice(clicks.people),
    )


def _advice(people: tuple[str, ...]) -> tuple[Wish, ...]:
    """AI-54: whoever reached the page may have given something away; somebody must ask them."""
    return tuple(
        Wish(
            f"ask:{one}",
            WishKind.GUIDANCE,
            f"Ask {one} whether a password was entered, and on which device",
            "the link was let through",
            names=(one,),
        )
        for one in people[:20]
    )


def block_urls(case: Case) -> Found:
    """Each malicious URL belongs on the block list (AI-51, AI-54); many on one host are one entry."""
    wishes = tuple(
        Wish(f"block:{value}", WishKind.BLOCK, f"Block {value} at the time of click", why, value=value)
        for value, why in list(_worth_blocking(case.urls))[:MOST_BLOCKED]
    )
    if not wishes:
        return Found("There is no malicious URL to block.")
    entries = "1 entry" if len(wishes) == 1 else f"{len(wishes)} entries"
    return Found(
        f"{some(len(case.urls), 'malicious URL')}, to be blocked by {entries}.", Verdict.MALICIOUS, wishes=wishes
    )


def _worth_blocking(urls: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(value of an entry, why): a whole host from three malicious URLs on, else the URL."""
    hosts: dict[str, list[str]] = {}
    for url in urls:
        hosts.setdefault(url.partition("://")[2].partition("/")[0].partition("?")[0].lower(), []).append(url)
    for host, found in hosts.items():
        if host and len(found) >= MANY:
            yield f"{host}/*", f"{len(found)} malicious URLs lie there"
        else:
            yield from ((url, "the URL is malicious") for url in found)
