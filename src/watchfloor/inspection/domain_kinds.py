"""Kinds of domains that unwanted mail likes, and those that honest mail links to (`domain_kinds.toml`)."""

import tomllib
from pathlib import Path

_LISTS = tomllib.loads(Path(__file__).with_name("domain_kinds.toml").read_text("utf-8"))


def _kind(name: str) -> frozenset[str]:
    return frozenset(_LISTS[name].split())


FREE_MAIL = _kind("free_mail")
SHORTENERS = _kind("shorteners")
FREE_HOSTING = _kind("free_hosting")
SHARED_HOSTING = _kind("shared_hosting")
RISKY_ENDINGS = _kind("risky_endings")
PICTURE_HOSTS = _kind("picture_hosts")
MAILERS = _kind("mailers")
PUBLIC_SITES = _kind("public_sites")
REDIRECTORS = _kind("redirectors")


def covering(host: str, names: frozenset[str]) -> str:
    """The name of a list that `host` is or lies below, "" when none covers it."""
    while host:
        if host in names:
            return host
        host = host.partition(".")[2]
    return ""


def redirector(host: str, path: str) -> str:
    """The well-known site that sends a visitor of this address on to any other, "" when it is none."""
    bare = host.removeprefix("www.")
    steps = path.split("/")[1:3]
    tails = ["", *("/" + "/".join(steps[:count]) for count in range(1, len(steps) + 1))]
    names = {bare, ".".join(bare.split(".")[-2:])}
    return bare if any(name + tail in REDIRECTORS for name in names for tail in tails) else ""


WORDS = {
    "Free mail provider": FREE_MAIL,
    "Link shortener": SHORTENERS,
    "Free hosting": FREE_HOSTING,
    "Shared hosting": SHARED_HOSTING,
    "Well-known public site": PUBLIC_SITES,
    "Bulk mailer": MAILERS,
    "Picture host": PICTURE_HOSTS,
}


def site_kinds(host: str) -> tuple[str, ...]:
    """What kind of site a host is known as, in words; and whether its ending is one that unwanted mail likes."""
    known = tuple(words for words, names in WORDS.items() if covering(host, names))
    risky = host.rpartition(".")[2] in RISKY_ENDINGS
    return (*known, f"Ending .{host.rpartition('.')[2]}, often used by unwanted mail") if risky else known
