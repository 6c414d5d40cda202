"""Whether an alert belongs to an incident, and why, in words. Pure: what is shared comes in, a decision goes out.

The rules, all of them (LM-16): weights of shared entities add up (`Correlation`); accounts count fully only when they acted
in one of the alerts (a click or a mail sent after a phish), for people receive unrelated bad mail every week; hosts and
addresses that everybody's mail carries count nothing.
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import yaml

from watchfloor.detection.contracts import Evidence, EvidenceType
from watchfloor.detection.selectors import rules_folder
from watchfloor.incidents.contracts import WORDS, Correlation, LinkKind

ACCOUNTS = {EvidenceType.MAILBOX, EvidenceType.USER}
SPECIFIC = {EvidenceType.ANALYZED_MESSAGE, EvidenceType.MAIL_CLUSTER, EvidenceType.FILE}
ACTED = "compromised"
NAMED = 3


def entity_key(type: str, value: str) -> str:
    """The key that one entity has in every alert; a mailbox and its user are one account, case does not matter but in URLs."""
    kind = "account" if type in ACCOUNTS else str(type)
    folded = value if type == EvidenceType.URL else value.strip().lower()
    return hashlib.sha256(f"{kind}:{folded}".encode()).hexdigest()[:40]


@cache
def ubiquitous_hosts() -> tuple[frozenset[str], frozenset[str]]:
    """Hosts that join nothing, and those of them on which a path names one owner’s page."""
    data = yaml.safe_load((rules_folder() / "ubiquitous.yaml").read_text(encoding="utf-8"))
    return frozenset(data["hosts"]), frozenset(data["with_path_is_specific"])


def is_ubiquitous(item: Evidence) -> bool:
    """True for entities that stand in anybody's mail: private addresses, hosts such as linkedin.com; and applications, which all use."""
    if item.type == EvidenceType.APPLICATION:
        return True
    if item.type == EvidenceType.IP:
        try:
            return not ipaddress.ip_address(item.value).is_global and not _documentation(item.value)
        except ValueError:
            return True
    if item.type == EvidenceType.URL:
        try:
            parts = urlsplit(item.value if "://" in item.value else f"http://{item.value}")
            host = (parts.hostname or "").removeprefix("www.")
        except ValueError:
            return False
        hosts, specific = ubiquitous_hosts()
        return host in hosts and not (host in specific and len(parts.path) > 1)
    return False


def _documentation(address: str) -> bool:
    """Addresses of RFC 5737 and 3849: not routed, so in examples and the sample organisation they stand for strangers."""
    nets = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    found = ipaddress.ip_address(address)
    return any(found in network for network in map(ipaddress.ip_network, nets) if network.version == found.version)


@dataclass(frozen=True, slots=True)
class Shared:
    """One entity that the new alert and an alert of an incident both have."""

    type: EvidenceType
    value: str
    label: str
    acted: bool
    alert_title: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open incident that shares something with the alert."""

    incident: int
    last_activity: float
    shared: tuple[Shared, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the alert goes: `incident` None is a new one. `also` are other incidents it would have fitted."""

    incident: int | None
    kind: LinkKind
    reason: str
    score: float = 0.0
    also: tuple[tuple[int, str], ...] = ()


def score(shared: Iterable[Shared], rules: Correlation) -> float:
    """The weights of what is shared: each entity once, accounts that only received mail together at most once."""
    total, received = 0.0, 0.0
    for item in {(one.type in ACCOUNTS, one.value): one for one in sorted(shared, key=lambda one: one.acted)}.values():
        if item.type in ACCOUNTS:
            if item.acted:
                total += rules.acted
            else:
                received = rules.received
        else:
            total += rules.weights.get(item.type, 0.0)
    return total + received


def decide(candidates: Sequence[Candidate], rules: Correlation) -> Decision:
    """The best incident that reaches `enough`; among equals the most recently active, then the oldest number."""
    fitting = [(score(one.shared, rules), one) for one in candidates]
    fitting = [(points, one) for points, one in fitting if points >= rules.enough]
    if not fitting:
        days = rules.window.days
        return Decision(None, LinkKind.NEW, f"no open incident of the last {days} days shares enough with it")
    fitting.sort(key=lambda pair: (-pair[0], -pair[1].last_activity, pair[1].incident))
    points, best = fitting[0]
    also = tuple((one.incident, reason_words(one.shared)) for _, one in fitting[1:4])
    staged = any(item.acted and item.type in ACCOUNTS for item in best.shared)
    kind = LinkKind.MULTISTAGE if staged else LinkKind.SHARED
    return Decision(best.incident, kind, reason_words(best.shared), points, also)


def reason_words(shared: Sequence[Shared]) -> str:
    """ "shares the sender billing@x.example and the URL https://.. with the alert “Malicious mail delivered”"."""
    order = [*EvidenceType]
    strong = sorted(shared, key=lambda one: (not one.acted, one.type in ACCOUNTS, order.index(one.type)))
    distinct = {(one.type in ACCOUNTS, one.value): one for one in reversed(strong)}
    items = list(reversed(distinct.values()))
    words = list(dict.fromkeys(_words_after(item, items[:place]) for place, item in enumerate(items)))
    if len(words) > NAMED:
        words = [*words[:NAMED], f"{len(words) - NAMED} more"]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    titles = list(dict.fromkeys(item.alert_title for item in items))
    others = f" and {len(titles) - 1} other" if len(titles) > 1 else ""
    return f"shares {listed} with the alert “{titles[0]}”{others}"


def _words_after(item: Shared, named: Sequence[Shared]) -> str:
    """A cluster of a mail just named needs no second subject."""
    if item.type == EvidenceType.MAIL_CLUSTER and item.label and any(item.label == one.label for one in named):
        return "its mail cluster"
    return _words(item)


def _words(item: Shared) -> str:
    if item.type in ACCOUNTS:
        return f"the account {item.value} (it clicked or sent)" if item.acted else f"the mailbox {item.value}"
    name = WORDS[item.type]
    kind = name if name.isupper() or name.startswith(("URL", "IP")) else name.lower()
    if item.type in (EvidenceType.ANALYZED_MESSAGE, EvidenceType.MAIL_CLUSTER, EvidenceType.FILE) and item.label:
        return f"the {kind} “{item.label[:80]}”"
    return f"the {kind} {item.value[:120]}"
