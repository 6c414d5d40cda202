"""The second half of a verdict: evidence that a mail's bytes alone do not hold, from what we have seen and who we ask."""

from collections.abc import Sequence
from typing import Protocol

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.inspection.contracts import Evidence, Inspection, TenantFacts
from watchfloor.inspection.services import judge

Read = tuple[AcceptedMail, Inspection]


class EvidenceSource(Protocol):
    """Gives one list of evidence per mail, in order. It asks its store or its server once for all of them."""

    def __call__(self, mails: Sequence[Read], *, facts: TenantFacts) -> Sequence[Sequence[Evidence]]: ...


SOURCES: tuple[EvidenceSource, ...] = ()


def judged(mails: Sequence[Read], *, facts: TenantFacts) -> list[Read]:
    """The mails with every source's evidence weighed in; what could not be read is left alone."""
    readable = [pair for pair in mails if not pair[1].unparsable]
    found: dict[int, list[Evidence]] = {id(inspection): [] for _, inspection in readable}
    for source in SOURCES:
        for (_, inspection), evidence in zip(readable, source(readable, facts=facts), strict=True):
            found[id(inspection)].extend(evidence)
    return [
        (mail, judge(inspection, evidence=found.get(id(inspection), ()), facts=facts)) for mail, inspection in mails
    ]
