"""The organisation's decisions on who may write under whose name: pairs of a spoofed sender and what sends (TB-01).

A pair names the address or domain that readers see (`*` any), and where such mail comes from: a network, the domain that signed
with DKIM and passed, or the domain of the sending server's own name as our border found it. Pairs concern mail that nothing else
authenticates.
"""

import ipaddress
import re
from collections.abc import Iterator
from itertools import product

from watchfloor.inspection.entry_names import domains_above, ip_names
from watchfloor.inspection.evidence import Evidence
from watchfloor.inspection.headers import every
from watchfloor.inspection.view import View

_SIGNER = re.compile(r"(?:^|;)\s*d\s*=\s*([^;\s]{1,253})", re.IGNORECASE)
_FROM = re.compile(r"from\s+\S+\s+\(([A-Za-z0-9.-]{1,253})\.?\s+\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\]", re.IGNORECASE)


def pair_names(view: View) -> list[str]:
    """Every form of a `spoof:` entry that covers this mail; none for one that its sender's domain authenticates."""
    if not view.sender.address or view.authentication.composite in ("pass", "softpass"):
        return []
    written = [view.sender.address, *domains_above(view.sender.domain), "*"]
    return [f"spoof:{who},{where}" for who, where in product(written, _infrastructure(view))]


def met(view: View, entries: frozenset[str]) -> str:
    """The pair of `entries` that covers the mail, "" when none does."""
    if not any(name.startswith("spoof:") for name in entries):
        return ""
    return next((name for name in pair_names(view) if name in entries), "")


def observe(view: View) -> Iterator[Evidence]:
    """A blocked pair; and an allowed one, which takes the words of spoofing out of the verdict."""
    if name := met(view, view.facts.blocked):
        words = f"{view.sender.address} is spoofed from where the organisation blocks it ({name})"
        yield Evidence("blocked_spoof", words, entry=f"block {name}")
    elif name := met(view, view.facts.allowed):
        words = f"The organisation lets this sender be spoofed from there ({name}): nothing was held against that"
        yield Evidence("allowed_spoof", words, points=0.0, entry=f"allow {name}")


def _infrastructure(view: View) -> Iterator[str]:
    yield from (name.removeprefix("ip:") for name in ip_names(view.sender_ip))
    if view.authentication.dkim == "pass":
        signed = [
            found[1].lower() for value in every(view.headers, "dkim-signature") if (found := _SIGNER.search(value))
        ]
        if len(signed) == 1:  # of several, nobody says which one passed
            yield from domains_above(signed[0])
    yield from domains_above(_own_name(view))


def _own_name(view: View) -> str:
    """The sending server's name by reverse look-up, as the first Received line that names its address says."""
    for value in every(view.headers, "received"):
        found = _FROM.search(value)
        if found and _same(found[2], view.sender_ip):
            return "" if found[1].lower() == "unknown" else found[1].lower().strip(".")
    return ""


def _same(one: str, other: str) -> bool:
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    except ValueError:
        return False
