"""Entities of an investigation by type (AI-67): how many there are, what they were judged, what became of them."""

from collections import Counter
from collections.abc import Sequence

from watchfloor.investigations.contracts import Verdict
from watchfloor.investigations.remedies import RemediedCluster, RemediedEntity, Remedy
from watchfloor.investigations.rendering import TYPES

VERDICTS = (Verdict.MALICIOUS, Verdict.SUSPICIOUS, Verdict.CLEAN, Verdict.UNKNOWN)
REMEDIES = (Remedy.REMEDIATED, Remedy.PARTIALLY, Remedy.UNREMEDIATED, Remedy.PENDING, Remedy.PREVENTED)
SUMMED = ("Total", *(one.value for one in VERDICTS), *(one.value for one in REMEDIES))


def summary_of(entities: Sequence[RemediedEntity], clusters: Sequence[RemediedCluster]) -> list[tuple[str, list[int]]]:
    """(type, a number for each of SUMMED); types without any entity are left out."""
    counted: Counter[tuple[str, str]] = Counter()
    for entity in entities:
        _count(counted, entity.line.one.type, entity.line.one.verdict, entity.remedy)
    for cluster in clusters:
        _count(counted, "mailCluster", cluster.line.one.verdict, cluster.remedy)
    return [
        (words, [counted[kind, head] for head in SUMMED])
        for kind, words in {**TYPES, "mailCluster": "Email cluster"}.items()
        if counted[kind, "Total"]
    ]


def _count(counted: "Counter[tuple[str, str]]", kind: str, verdict: str, remedy: Remedy) -> None:
    counted[kind, "Total"] += 1
    counted[kind, verdict] += 1
    counted[kind, remedy.value] += 1
