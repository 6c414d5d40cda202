"""What the border does not take: mail of our own people to whom the organisation blocks, and of servers it blocks (TB-03). Pure."""

from collections.abc import Sequence

from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.services import domains_above, ip_names, is_outside
from watchfloor.intelligence.values import covers

SERVER_CODE = "5.7.1"
CODE = "5.7.703"
"""The enhanced status code under which the original refuses such mail."""


def refusal_of_server(*, client_ip: str, facts: TenantFacts) -> str:
    """The words that refuse what a blocked server hands in, "" when it may; only for servers outside, as our own relays bring the
    mail of everybody."""
    if not facts.blocked or not is_outside(client_ip) or facts.blocked.isdisjoint(ip_names(client_ip)):
        return ""
    return f"{SERVER_CODE} Your message can't be delivered because {client_ip} is blocked by this organization"


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
