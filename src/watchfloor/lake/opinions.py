"""What other filters say about a mail, as evidence: their score scaled to ours, their finds named, and who did not answer."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from watchfloor.connectors.contracts import AcceptedMail, Opinion
from watchfloor.connectors.services import consult, take_parts_from
from watchfloor.inspection.contracts import Evidence, Inspection, TenantFacts, ThreatType
from watchfloor.inspection.services import scannable
from watchfloor.lake.findings import Finding, Infected, Read, Unanswered

# A name in this process, so that the limited ones find the same reader.
take_parts_from(scannable)

AT_ITS_LIMIT = 7.0
"""Points where a filter's score reaches its own limit for rejecting: a verdict by itself, though never one of high confidence."""
MOST = 8.0
SIGNALS = {
    ("rspamd", "Malware"): "rspamd_virus",
    ("rspamd", "Phish"): "rspamd_phish",
    ("rspamd", "Spam"): "rspamd_spam",
    ("clamav", "Malware"): "clamav_found",
    ("clamav", "Phish"): "clamav_phish",
    ("clamav", "Spam"): "clamav_spam",
    ("yara", "Malware"): "yara_match",
    ("yara", "Phish"): "yara_phish",
    ("yara", "Spam"): "yara_spam",
}
EITHER = "rspamd_opinion"


def opinions(mails: Sequence[Read], *, facts: TenantFacts) -> list[list[Finding]]:
    """One list per mail, in order: evidence, infected attachments, and a note for each filter that did not answer."""
    heard = consult([_with_envelope(mail, inspection) for mail, inspection in mails])
    return [
        [*_findings(one.opinions, inspection), *map(Unanswered, one.unanswered)]
        for one, (_, inspection) in zip(heard, mails, strict=True)
    ]


def _with_envelope(mail: AcceptedMail, inspection: Inspection) -> AcceptedMail:
    """Mail read from a mailbox has no envelope; its headers tell most of it."""
    return replace(
        mail,
        mail_from=mail.mail_from or inspection.mail_from,
        recipients=mail.recipients or inspection.recipients,
        client_ip=mail.client_ip or inspection.sender_ip,
    )


def _findings(said: Iterable[Opinion], inspection: Inspection) -> Iterable[Finding]:
    for one in said:
        yield Evidence(_signal(one, inspection), one.words, points=_points(one), threat_name=one.threat_name)
        for sha256 in one.files:
            yield Infected(sha256, ThreatType(one.threat), one.threat_name)


def _signal(one: Opinion, inspection: Inspection) -> str:
    """rspamd does not tell spam from phish well: beside signs of phish of the mail's own, its score speaks for either."""
    phish = any(reason.threat is ThreatType.PHISH and reason.points for reason in inspection.verdict.reasons)
    if one.kind == "rspamd" and one.threat == "Spam" and phish:
        return EITHER
    return SIGNALS[one.kind, one.threat]


def _points(one: Opinion) -> float | None:
    if one.points is not None or one.threshold <= 0:
        return one.points
    return round(min(max(one.score, 0.0) / one.threshold * AT_ITS_LIMIT, MOST), 2)
