"""About people who opened the links."""

from collections.abc import Iterator

from watchfloor.investigations.case import Case, hunted, quoted
from watchfloor.investigations.contracts import Found, FoundEntity, Verdict, Wish, WishKind
from watchfloor.kernel.text import some

LET_THROUGH = ("Allowed", "ClickAllowed", "Block page override", "Pending detonation page override")
MOST = 200
MOST_BLOCKED = 20
MANY = 3


def who_clicked(case: Case) -> Found:
    """Clicks on links of these mails and on the malicious URLs, in the mailbox's own time (AI-32, AI-38)."""
    about = []
    if case.seeds.messages:
        about.append(f"NetworkMessageId in ({quoted(case.seeds.messages[:MOST])})")
    if case.urls:
        about.append(f"Url in~ ({quoted(case.urls[:50])})")
    if not about:
        return Found("There is no link to ask about.")
    text = (
        f"UrlClickEvents\n| where Timestamp between (datetime({case.start.isoformat()}) .. datetime({case.end.isoformat()}))\n"
        f"| where {' or '.join(about)}\n"
        "| project Timestamp, AccountUpn, Url, ActionType, ThreatTypes, IsClickedThrough, IPAddress\n| sort by Timestamp desc"
    )
    question, rows = hunted(text, now=case.now)
    bad = set(case.urls) | {row["Url"] for row in rows if row["ThreatTypes"]}
    through = [row for row in rows if row["ActionType"] in LET_THROUGH or row["IsClickedThrough"]]
    harmed = [row for row in through if row["Url"] in bad]
    people = tuple(dict.fromkeys(str(row["AccountUpn"]) for row in harmed if row["AccountUpn"]))
    entities = [
        FoundEntity("user", one, verdict=Verdict.SUSPICIOUS, why="opened a malicious link", facts={"risk": "Clicked"})
        for one in people
    ]
    entities += [
        FoundEntity("url", one, verdict=Verdict.MALICIOUS, why="condemned when it was clicked")
        for one in sorted({str(row["Url"]) for row in rows if row["ThreatTypes"]})
    ]
    if not rows:
        return Found("Nobody opened a link.", Verdict.UNKNOWN, (question,), entities=tuple(entities))
    answer = f"{some(len(rows), 'click')}, {len(through):,} let through, {len(harmed):,} of them to a malicious link by {some(len(people), 'person', 'people')}."
    return Found(
        answer,
        Verdict.SUSPICIOUS if harmed else Verdict.UNKNOWN,
        (question,),
        entities=tuple(entities),
        wishes=_advice(people),
    )


def _advice(people: tuple[str, ...]) -> tuple[Wish, ...]:
    """AI-54: whoever reached the page may have given something away; somebody must ask them."""
    return tuple(
        Wish(
            f"ask:{one}",
            WishKind.GUIDANCE,
            f"Ask {one} whether a password was entered, and look at the device that clicked",
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
    return Found(f"{len(case.urls):,} malicious URLs, to be blocked by {entries}.", Verdict.MALICIOUS, wishes=wishes)


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
