"""What a User-Agent says of browser and system, by the community's patterns (ua-parser)."""

from dataclasses import dataclass
from functools import lru_cache

REMEMBERED = 16_384
LONGEST = 1_000
"""Characters that are looked at; longer ones are nobody's browser, and patterns take their time."""


@dataclass(frozen=True, slots=True)
class Client:
    """`browser` as “Chrome 126”, `system` as “Windows 10”, `platform` the system without its version; empty when unknown."""

    browser: str = ""
    system: str = ""
    platform: str = ""


@lru_cache(maxsize=REMEMBERED)
def client_of(agent: str) -> Client:
    """Browser and system of a User-Agent; empty ones for what nobody knows."""
    from ua_parser import parse

    if not agent.strip():
        return Client()
    found = parse(agent[:LONGEST])
    browser, system = found.user_agent, found.os
    return Client(
        " ".join(part for part in (browser.family, browser.major) if part) if browser else "",
        " ".join(part for part in (system.family, system.major) if part) if system else "",
        system.family if system else "",
    )
