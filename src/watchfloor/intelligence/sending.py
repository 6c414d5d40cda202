"""What our own people may not send: mail to whom the organisation blocks (TB-03). Pure."""

from collections.abc import Sequence

from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.services import domains_above
from watchfloor.intelligence.values import covers

CODE = "5.7.703"
"""The enhanced status code under which the original refuses such mail."""


def refusal_to_send(*, mail_from: str, recipients: Sequence[str], facts: TenantFacts) -> str:
    """The words of the refusal with their status code, "" when the mail may go.

    Only mail of our own people is refused, and for all its recipients: whoever wrote it is told, and sends it again to the others.
    """
    if not facts.blocked or facts.own_domains.isdisjoint(domains_above(_domain(mail_from))):
        return ""
    for address in recipients:
        if _is_blocked(address.lower(), facts):
            return (
                f"{CODE} Your message can't be delivered because messages to {address} are blocked by your organization"
            )
    return ""


def _is_blocked(address: str, facts: TenantFacts) -> bool:
    """A block entry from before a domain was named ours keeps nobody from writing to colleagues; one of a single address does."""
    domains = [one for one in domains_above(_domain(address)) if not covers(one, facts.own_domains)]
    return not facts.blocked.isdisjoint([f"sender:{address}", *(f"domain:{one}" for one in domains)])


def _domain(address: str) -> str:
    return address.lower().rpartition("@")[2]
