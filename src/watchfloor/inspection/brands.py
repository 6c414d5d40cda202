"""Brands that strangers pose as: the words of their names and the registrable domains that are truly theirs (`brands.toml`)."""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from watchfloor.inspection.folding import fold
from watchfloor.inspection.vocabulary import Phrases, words_of

_STEM = 6
_BRANDS: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("brands.toml").read_text("utf-8")
)
_DOMAINS = {name: frozenset(brand["domains"]) for name, brand in _BRANDS.items()}
_NAMES = Phrases({name: [fold(word) for word in brand["names"]] for name, brand in _BRANDS.items()})
_LABELS = {
    name: frozenset(label for domain in domains if len(label := domain.partition(".")[0]) > 2)
    for name, domains in _DOMAINS.items()
}
# Two letters of a country whose registry asks its fee; the free and the cheap ones are not the brand's word.
_NATIONAL = re.compile(r"(?:com?\.)?(?!cf|ga|gq|ml|tk|cc|ws|pw|su|st|vg|la)[a-z]{2}")
_OWNERS = {domain: name for name, domains in _DOMAINS.items() for domain in domains}


def _in_hosts() -> dict[str, list[tuple[str, str]]]:
    """One-word names long enough that a host holding them means them, by their first letters."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, brand in _BRANDS.items():
        for word in brand["names"]:
            if len(word) >= _STEM and word.isalpha():
                found.setdefault(word[:_STEM], []).append((word, name))
    return found


_IN_HOST = _in_hosts()


def brand_named(folded: str) -> str:
    """The first brand named in folded text, "" when none is."""
    return next(iter(brands_named(folded)), "")


def brands_named(folded: str) -> tuple[str, ...]:
    """The brands named in folded text, in order."""
    return tuple(_NAMES.find(words_of(folded)))


def main_domain(brand: str) -> str:
    """The first of a brand's own domains."""
    return _BRANDS[brand]["domains"][0]


def belongs(domain: str, brand: str) -> bool:
    """Whether a registrable domain is the brand's: one of the table, or one of those names under a national ending."""
    name, _, ending = domain.partition(".")
    return domain in _DOMAINS[brand] or (name in _LABELS[brand] and _NATIONAL.fullmatch(ending) is not None)


@lru_cache(maxsize=4096)
def brand_in_host(host: str, domain: str) -> str:
    """The brand whose name stands in a host that is not the brand's, "" when there is none."""
    if domain in _OWNERS:
        return ""
    for label in re.split(r"[^a-z0-9]+", host):
        for at in range(len(label) - _STEM + 1):
            for word, name in _IN_HOST.get(label[at : at + _STEM], ()):
                if label.startswith(word, at):
                    return name
    return ""


def owner(domain: str) -> str:
    """The brand that a registrable domain belongs to, "" when none of the table's."""
    return _OWNERS.get(domain, "")
