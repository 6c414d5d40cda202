"""The body that the milter delivers: links protected where the policy says so, for mail that comes to our own people."""

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from watchfloor.connectors.contracts import Disposition, InlineAnswer
from watchfloor.connectors.services import delivered_digest
from watchfloor.identities.selectors import is_own_domain
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.services import domains_above, take_apart
from watchfloor.kernel.clock import utc_now
from watchfloor.response.clicks import policy
from watchfloor.response.clicks.html_links import Wrap
from watchfloor.response.clicks.long_urls import keep_long
from watchfloor.response.clicks.policy import Policy
from watchfloor.response.clicks.rewriting import GivenUp, Rewritten, rewritten
from watchfloor.response.clicks.tokens import Link, shortened, sign
from watchfloor.response.submissions.policy import report_addresses

log = logging.getLogger(__name__)

SECONDS = 2.0
LONGEST_URL = 100_000
LONGEST_INSIDE = 2000
"""Characters of a URL that stands in its own link: proxies refuse requests of some 8,000, and the link is a third longer."""


def with_protected_links(
    answer: InlineAnswer,
    raw: bytes,
    *,
    fingerprint: str,
    mail_from: str,
    recipients: Sequence[str],
    facts: TenantFacts,
) -> InlineAnswer:
    """The milter's answer with the body to deliver, where the mail reaches somebody and the policy protects its links."""
    held = answer.disposition is Disposition.HOLD and set(answer.held or recipients) >= set(recipients)
    if held or answer.disposition is Disposition.REJECT:
        return answer
    reached = (
        [one for one in recipients if one not in answer.held] if answer.disposition is Disposition.HOLD else recipients
    )
    body, noted = protected(raw, fingerprint=fingerprint, mail_from=mail_from, recipients=reached, facts=facts)
    return replace(answer, body=body, facts={**answer.facts, **noted}) if noted else answer


def protected(
    raw: bytes, *, fingerprint: str, mail_from: str, recipients: Sequence[str], facts: TenantFacts
) -> tuple[bytes | None, dict[str, object]]:
    """The body to deliver and what to remember of it; (None, {}) when the mail goes as it is.

    A mail that leaves the organisation keeps its links, also when some of its recipients are our own: they all get one body.
    """
    kept = policy.current()
    if not kept.enabled or kept.key is None or not _concerns(kept, mail_from, recipients, facts):
        return None, {}
    until = time.monotonic() + SECONDS
    alone = recipients[0].lower() if len(recipients) == 1 else ""
    long: list[str] = []
    wrap = wrap_with(kept, fingerprint, alone, long=long)
    try:
        found = rewritten(raw, wrap=wrap, spent=lambda: time.monotonic() > until, keeps_signed=not kept.signed)
        if found is not None and long:
            keep_long(long, at=utc_now())
    except GivenUp as error:
        log.warning("the links of the mail %s are not protected: %s", hashlib.sha256(raw).hexdigest()[:16], error)
        return None, {"links_protected": 0, "links_why": str(error)}
    except Exception:  # a mail is delivered, whatever it does to us
        log.exception("the links of the mail %s are not protected", hashlib.sha256(raw).hexdigest()[:16])
        return None, {"links_protected": 0, "links_why": "it failed here"}
    return (None, {}) if found is None else (found.body, _noted(found))


def _noted(found: Rewritten) -> dict[str, object]:
    """By the digest the copy in a mailbox is known to be this mail."""
    return {"links_protected": found.links, "delivered_body": delivered_digest(found.body)}


def _concerns(kept: Policy, mail_from: str, recipients: Sequence[str], facts: TenantFacts) -> bool:
    if not recipients or not all(_own(one, facts) for one in recipients):
        return False
    if not kept.internal and _own(mail_from, facts):
        return False
    if not report_addresses().isdisjoint(one.lower() for one in recipients):
        return False  # a reported mail is to arrive as it was
    return not any(kept.spares(one) for one in recipients)


def _own(address: str, facts: TenantFacts) -> bool:
    return is_own_domain(address.rpartition("@")[2], own=facts.own_domains)


def wrap_with(kept: Policy, fingerprint: str, recipient: str, *, long: list[str]) -> Wrap:
    """Gives the protected link for a URL; None for those of exempt domains, our own links, and what is too long.

    URLs that do not fit into their own link are put into `long`, for `keep_long`.
    """
    address = policy.public_address()
    key = kept.key or b""

    def wrap(url: str) -> str | None:
        if len(url) > LONGEST_URL or url.startswith(f"{address}/"):
            return None
        parts = take_apart(url)
        if parts is None or not kept.exempt_domains.isdisjoint(domains_above(parts.host)):
            return None
        link = Link(url, fingerprint, recipient)
        if len(url) > LONGEST_INSIDE:
            long.append(url)
            link = shortened(link)
        return f"{address}/click/{sign(link, key=key)}"

    return wrap
