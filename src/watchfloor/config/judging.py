"""What the milter does with a mail in enforce mode: the inspection's verdict turned into an answer by the border policy.

Unless the policy says otherwise, malware and confident phish are held and other threats tagged, so that the mail server can
sort them; nothing is refused for good on a verdict alone, since a refused mail cannot be given back.
"""

import atexit
from collections.abc import Sequence
from functools import cache

from watchfloor.connectors.contracts import AcceptedMail, Disposition, InlineAnswer
from watchfloor.connectors.services import set_judge
from watchfloor.inspection.contracts import Envelope
from watchfloor.inspection.services import InspectionPool
from watchfloor.intelligence.services import refusal_of_server, refusal_to_send
from watchfloor.investigations.services import refusal_of_restricted
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.selectors import tenant_facts
from watchfloor.lake.services import judged
from watchfloor.response.services import answer_at_border, with_protected_links


def judge_inline() -> None:
    """Name the judge of this process; its inspection worker starts with the first mail asked about."""
    set_judge(_judge)


def _judge(
    raw: bytes, *, mail_from: str, recipients: Sequence[str], client_ip: str, helo: str, signed_in: str = ""
) -> InlineAnswer:
    envelope = Envelope(mail_from, tuple(recipients), client_ip, helo)
    now, facts = utc_now(), tenant_facts()
    refused = refusal_of_server(client_ip=client_ip, facts=facts)
    refused = refused or refusal_to_send(mail_from=mail_from, recipients=recipients, facts=facts)
    if refused := refused or refusal_of_restricted(raw, mail_from=mail_from, signed_in=signed_in, at=now):
        return InlineAnswer(Disposition.REJECT, refused)
    pool = _pool()
    pool.tell(facts)
    found = pool.submit(raw, envelope, now).result()
    mail = AcceptedMail(0, found.sha256, "", now, mail_from, tuple(recipients), client_ip, helo, raw=raw)
    [(_, weighed)] = judged([(mail, found)], facts=facts)
    answer = answer_at_border(weighed, recipients=recipients)
    return with_protected_links(
        answer, raw, fingerprint=found.fingerprint, mail_from=mail_from, recipients=recipients, facts=facts
    )


@cache
def _pool() -> InspectionPool:
    pool = InspectionPool(1, tenant_facts())
    atexit.register(pool.close)
    return pool
