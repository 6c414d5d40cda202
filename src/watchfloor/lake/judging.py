"""The second half of a verdict: evidence that a mail's bytes alone do not hold, from what we have seen and who we ask."""

import logging
from collections.abc import Sequence
from typing import Protocol

from django.db import InterfaceError, OperationalError

from watchfloor.inspection.contracts import Evidence, TenantFacts
from watchfloor.inspection.services import judge
from watchfloor.lake.campaigns import campaign_evidence
from watchfloor.lake.findings import Finding, Read, Unanswered, noted
from watchfloor.lake.history import evidence as from_history
from watchfloor.lake.opinions import opinions
from watchfloor.lake.unfiltered import set_aside

log = logging.getLogger(__name__)


class EvidenceSource(Protocol):
    """Gives one list of findings per mail, in order. It asks its store or its server once for all of them."""

    def __call__(self, mails: Sequence[Read], *, facts: TenantFacts) -> Sequence[Sequence[Finding]]: ...


SOURCES: tuple[EvidenceSource, ...] = (from_history, opinions, campaign_evidence)


def judged(mails: Sequence[Read], *, facts: TenantFacts) -> list[Read]:
    """The mails with every source's evidence weighed in; what could not be read is left alone."""
    readable = [pair for pair in mails if not pair[1].unparsable]
    found: dict[int, list[Finding]] = {id(inspection): [] for _, inspection in readable}
    for source in SOURCES:
        for (_, inspection), findings in zip(readable, _asked(source, readable, facts), strict=True):
            found[id(inspection)].extend(findings)
    weighed = []
    for mail, inspection in mails:
        findings = found.get(id(inspection), [])
        evidence = [one for one in findings if isinstance(one, Evidence)]
        weighed.append((mail, noted(judge(inspection, evidence=evidence, facts=facts), findings)))
    return set_aside(weighed)


def _asked(source: EvidenceSource, mails: Sequence[Read], facts: TenantFacts) -> Sequence[Sequence[Finding]]:
    """What a source finds. Where it fails each mail is asked about alone, and the one it fails for goes without, noted so.

    A database in trouble is another matter: whoever stores the mail tries again.
    """
    try:
        return source(mails, facts=facts)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        name = getattr(source, "__module__", "").rpartition(".")[2] or "a source"
        if len(mails) == 1:
            log.exception("evidence of %s failed for the mail %s", name, mails[0][1].sha256)
            return [[Unanswered(f"{name}: it failed here ({type(error).__name__})")]]
        return [found for mail in mails for found in _asked(source, [mail], facts)]
