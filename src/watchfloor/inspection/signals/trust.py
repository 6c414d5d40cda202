"""Senders whom the organisation trusts not to impersonate anybody (TB-08): a partner called like our director, a twin of our domain.

Only what speaks of impersonation is not held against them, and only where nothing disproves that the mail is theirs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.entry_names import domains_above
from watchfloor.inspection.evidence import Evidence

IMPERSONATING = frozenset({"own_person_outside", "own_domain_lookalike", "lookalike_link", "name_from_elsewhere"})


def spared(evidence: Iterable[Evidence], *, address: str, composite: str, facts: TenantFacts) -> Iterator[Evidence]:
    """The evidence, with no points for impersonation where an entry trusts the sender (`address`)."""
    name = _trusted(address, facts) if facts.trusted and composite != "fail" else ""
    for one in evidence:
        if name and one.signal in IMPERSONATING:
            words = f"{one.words}; not held against it, as the organisation trusts {name.partition(':')[2]}"
            yield replace(one, words=words, points=0.0, entry=f"trust {name}")
        else:
            yield one


def _trusted(address: str, facts: TenantFacts) -> str:
    domains = domains_above(address.rpartition("@")[2])
    names = (f"sender:{address}", *(f"domain:{domain}" for domain in domains))
    return next((name for name in names if name in facts.trusted), "")
