"""Mailboxes of the security team: what is sent there to be analysed is no threat that was delivered (SU-16).

Such mail keeps its reasons and its score, and loses verdict and likeness: it joins no campaign, and no figure counts it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.inspection.contracts import Inspection, Reason
from watchfloor.lake.findings import Read

_provider: list[Callable[[], frozenset[str]]] = []


def leave_unfiltered(provider: Callable[[], frozenset[str]]) -> None:
    """Name who knows these mailboxes, in lower case. Asked before each round of mail, so it answers quickly."""
    _provider[:] = [provider]


def set_aside(mails: Sequence[Read]) -> list[Read]:
    """The mails, those to such mailboxes alone without verdict."""
    mailboxes = _provider[0]() if _provider else frozenset()
    return [(mail, _aside(mail, inspection, mailboxes)) for mail, inspection in mails]


def _aside(mail: AcceptedMail, inspection: Inspection, mailboxes: frozenset[str]) -> Inspection:
    to = {address.lower() for address in mail.recipients or inspection.recipients}
    if not to or not to <= mailboxes or inspection.unparsable:
        return inspection
    verdict = inspection.verdict
    said = f"Sent to the security team's mailbox {min(to)}"
    if verdict.threat_types:
        said += f": verdict {' and '.join(verdict.threat_types)} set aside"
    empty = replace(
        verdict,
        threat_types=(),
        threat_names=(),
        confidence=None,
        detection_methods=(),
        methods_by_threat={},
        confidence_by_threat={},
        allowed=f"mailbox:{min(to)}",
        reasons=(*verdict.reasons, Reason("allowed", 0.0, said)),
    )
    return replace(inspection, verdict=empty, signature=b"", cluster_id=0)
