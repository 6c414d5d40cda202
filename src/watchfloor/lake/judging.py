"""The second half of a verdict: evidence that a mail's bytes alone do not hold, from what we have seen and who we ask."""

from collections.abc import Sequence
from typing import Protocol

from watchfloor.inspection.contracts import Evidence, TenantFacts
from watchfloor.inspection.services import judge
from watchfloor.lake.campaigns import campaign_evidence
from watchfloor.lake.findings import Finding, Read, noted
from watchfloor.lake.history import evidence as from_history
from watchfloor.lake.opinions import opinions


class EvidenceSource(Protocol):
    """Gives one list of findings per mail, in order. It asks its store or its server once for all of them."""

    def __call__(self, mails: Sequence[Read], *, facts: TenantFacts) -> Sequence[Sequence[Finding]]: ...


SOURCES: tuple[EvidenceSource, ...] = (from_history, opinions, campaign_evidence)


def judged(mails: Sequence[Read], *, facts: TenantFacts) -> list[Read]:
    """The mails with every source's evidence weighed in; what could not be read is left alone."""
    readable = [pair for pair in mails if not pair[1].unparsable]
    found: dict[int, list[Finding]] = {id(inspection): [] for _, inspection in readable}
    for source in SOURCES:
        for (_, inspection), findings in zip(readable, source(readable, facts=facts), strict=True):
            found[id(inspection)].extend(findings)
    weighed = []
    for mail, inspection in mails:
        findings = found.get(id(inspection), [])
        evidence = [one for one in findings if isinstance(one, Evidence)]
        weighed.append((mail, noted(judge(inspection, evidence=evidence, facts=facts), findings)))
    return weighed
