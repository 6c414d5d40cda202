"""What is known of a URL's domain without asking anybody: its parts, what kind of site it is, whose it is, since when we meet it."""

from datetime import timedelta

from watchfloor.hunting.explorer.entities.knowing import AHEAD, About, equal
from watchfloor.inspection.services import Parts, brand_of, site_kinds
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Query

EVER = timedelta(days=400)
OFFLINE = "Not known offline; Watchfloor asks no registrar and no outside service"


def domain_facts(about: About, parts: Parts | None) -> list[tuple[str, object]]:
    """Label and value, ready for a list of facts."""
    if parts is None:
        return [("Host", "This URL names no host that can be reached")]
    facts: list[tuple[str, object]] = [
        ("Host", visible(parts.host)),
        ("Registrable domain", visible(parts.domain)),
        ("Path", visible(parts.path)),
    ]
    if (read := _spelt(parts.host)) != parts.host:
        facts.append(("Reads as", visible(read)))
    if parts.user:
        facts.append(("Text before an @", f"{visible(parts.user)}: browsers take it for a name, not for the site"))
    if parts.is_ip:
        facts.append(("Numbered host", "It names an address instead of a domain"))
    if brand := brand_of(parts.domain):
        facts.append(("Belongs to", brand))
    facts += [("Kind of site", kind) for kind in site_kinds(parts.host)]
    return [*facts, *_met(about, parts.host), ("Registered, registrar, contact", OFFLINE)]


def _met(about: About, host: str) -> list[tuple[str, object]]:
    """First and last mail with this host that the lake still has."""
    query = Query("EmailUrlInfo", about.now - EVER, about.now + AHEAD, (equal("UrlDomain", host),))
    found = lake.values(query, column="UrlDomain", limit=1).found
    return [("First seen in mail", found[0].first), ("Last seen in mail", found[0].last)] if found else []


def _spelt(host: str) -> str:
    """An internationalised name in its own letters."""
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host
