"""Where a mail wants its reader to press: its links by the kind of place they lead to."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from watchfloor.inspection import brands
from watchfloor.inspection.domain_kinds import (
    FREE_HOSTING,
    MAILERS,
    PUBLIC_SITES,
    RISKY_ENDINGS,
    SHARED_HOSTING,
    SHORTENERS,
    covering,
    redirector,
)
from watchfloor.inspection.evidence import quoted
from watchfloor.inspection.folding import fold
from watchfloor.inspection.urls import Parts
from watchfloor.inspection.view import View
from watchfloor.inspection.vocabulary import presses

_LINKS = 60
_NAME = 4
_MACHINE = re.compile(r"\d{1,3}[.-]\d{1,3}[.-]\d{1,3}[.-]\d{1,3}|(?:^|\.)(?:vps|vmi|srv|static|ip|ec2)-?[0-9a-f]{4,}")
_SHORT_ENDINGS = (
    frozenset(
        [
            "ly",
            "me",
            "gl",
            "gd",
            "to",
            "cc",
            "sv",
            "fo",
            "art",
            "ws",
            "is",
            "st",
            "sh",
            "im",
            "vc",
            "so",
            "mn",
            "bz",
            "tl",
            "ms",
            "pw",
            "li",
            "gy",
            "st",
        ]
    )
    | RISKY_ENDINGS
)
_TINY = 4


@dataclass(frozen=True, slots=True)
class Call:
    """One link the reader is asked to press: what it says, where it goes, and what kind of place that is."""

    says: str
    parts: Parts
    kind: str

    @property
    def words(self) -> str:
        """The call inside a sentence."""
        return (
            f"the link {quoted(self.says, 40)} goes to {self.parts.host}"
            if self.says
            else f"a link goes to {self.parts.host}"
        )

    @property
    def sentence(self) -> str:
        """The call at the beginning of a sentence."""
        return self.words[0].upper() + self.words[1:]


@dataclass(frozen=True)
class Calls:
    """The links of one mail, sorted."""

    view: View

    @cached_property
    def all(self) -> tuple[Call, ...]:
        """Every link a reader may follow, the HTML's with its text, else the plain text's."""
        view = self.view
        if view.links:
            return tuple(Call(link.text, parts, self._kind(parts)) for link, parts in view.links[:_LINKS])
        return tuple(Call("", parts, self._kind(parts)) for _, parts in view.targets[:_LINKS])

    @cached_property
    def pressed(self) -> tuple[Call, ...]:
        """Those that ask to be pressed: their text says so, or a picture stands in its place, or it is the only one."""
        if not self.view.links:
            return self.all if len({call.parts.host for call in self.all}) == 1 else ()
        return tuple(call for call in self.all if not call.says or _presses(call.says))

    def first(self, *kinds: str) -> Call | None:
        """The first pressed link of one of the kinds."""
        return next((call for call in self.pressed if call.kind in kinds), None)

    def any(self, *kinds: str) -> Call | None:
        """The first link of one of the kinds."""
        return next((call for call in self.all if call.kind in kinds), None)

    @cached_property
    def only_target(self) -> Call | None:
        """The link that stands for all when two or more all lead to one strange domain."""
        domains = {call.parts.domain for call in self.all if call.kind != "public"}
        strange = [call for call in self.all if call.kind in ("foreign", "hidden", "risky")]
        return strange[0] if len(self.all) > 1 and len(domains) == 1 and strange else None

    def _kind(self, parts: Parts) -> str:
        view, host = self.view, parts.host
        if view.is_own(host):
            return "own"
        if covering(host, SHARED_HOSTING):
            return "shared"
        if parts.is_ip or covering(host, SHORTENERS) or redirector(host, parts.path) or covering(host, FREE_HOSTING):
            return "hidden"
        if _MACHINE.search(host):
            return "hidden"
        if self._related(parts):
            return "sender"
        if brands.owner(parts.domain) or covering(host, PUBLIC_SITES):
            return "public"
        if _is_tiny(parts):
            return "hidden"
        if covering(host, MAILERS):
            return "mailer"
        return "risky" if host.rpartition(".")[2] in RISKY_ENDINGS else "foreign"

    def _related(self, parts: Parts) -> bool:
        """Whether the link stays with the sender: one domain, one name under two endings, or the sender's name in the host."""
        theirs = self.view.sender_domain
        name = theirs.partition(".")[0]
        if not theirs or parts.domain == theirs:
            return bool(theirs)
        if (owner := brands.owner(theirs)) and brands.owner(parts.domain) == owner:
            return True
        return len(name) >= _NAME and (
            parts.domain.partition(".")[0] == name or (len(name) > _NAME and name in parts.host)
        )


def _is_tiny(parts: Parts) -> bool:
    """Whether a name is as short as those of shorteners, under an ending they use."""
    name, _, ending = parts.domain.partition(".")
    return len(name) <= _TINY and ending in _SHORT_ENDINGS and len(parts.path) > 2


@lru_cache(maxsize=4096)
def _presses(says: str) -> bool:
    return len(says) < 200 and presses(fold(says[:80]))
