"""What a file's bytes, or its hash alone, say: malware, blocked, or nothing, with the sentences it rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from watchfloor.inspection.contracts import Inspection, Reason, TenantFacts, ThreatType
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake.selectors import hunt

MALWARE, BLOCK, CLEAN = "Malware", "Block", ""
ONLY_IN_MAIL = frozenset(
    {
        "executable_attachment",
        "executable_in_archive",
        "disk_image",
        "macro_document",
        "encrypted_archive",
        "type_mismatch",
    }
)
"""Signals that speak against a file because it came by mail: on a share programs and archives are what one keeps there."""
REPUTATION, LIST, KNOWN = "File reputation", "Organisation's block list", "Campaign"
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """`threat` is Malware, Block or "" for none; `names` are families, `methods` technologies, `words` sentences."""

    threat: str = CLEAN
    names: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    limits: tuple[str, ...] = field(default=())

    @property
    def context(self) -> str:
        return " ".join(one if one.endswith((".", "!", "?")) else f"{one}." for one in self.words)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        lists = (tuple(map(str, kept.get(name, ()))) for name in ("names", "methods", "words", "limits"))
        return cls(str(kept.get("threat", "")), *lists)


def of_hash(sha256: str, facts: TenantFacts) -> Finding | None:
    """What the organisation says of this very file; None when it says nothing, and the content has to be looked at."""
    entry = f"sha256:{sha256}"
    if entry in facts.allowed:
        return Finding(words=("The organisation's list allows this file",))
    if entry in facts.blocked:
        return Finding(BLOCK, (), (LIST,), (f"The organisation's list blocks the file {sha256}",))
    if who := facts.indicators.get(entry):
        return Finding(MALWARE, (), (REPUTATION,), (f"A threat feed knows the file {sha256}: {who}",))
    return None


def came_by_mail(hashes: Iterable[str], *, now: Any) -> dict[str, Finding]:
    """Findings on files that came by mail and were malware there, by hash; empty where the lake cannot be asked now."""
    wanted = sorted({one for one in hashes if len(one) == 64 and one.isalnum()})
    found: dict[str, Finding] = {}
    for at in range(0, len(wanted), AT_ONCE):
        listed = ", ".join(f'"{one}"' for one in wanted[at : at + AT_ONCE])
        question = (
            f'EmailAttachmentInfo | where SHA256 in ({listed}) | where ThreatTypes has "Malware" '
            "| summarize Mails = count(), First = min(Timestamp), Names = take_any(ThreatNames) by SHA256"
        )
        try:
            answer = hunt(question, now=now, limit=AT_ONCE)
        except WatchfloorError:
            continue  # the content is looked at all the same
        columns = [name for name, _ in answer.columns]
        for row in (dict(zip(columns, values, strict=True)) for values in answer.rows):
            names = tuple(filter(None, str(row["Names"] or "").split(", ")))
            mails = f"{row['Mails']:,} mail{'' if row['Mails'] == 1 else 's'}"
            words = (
                f"The same file came in {mails}, first on {row['First']:%d %B %Y}, and was found to be malware there"
            )
            found[row["SHA256"]] = Finding(MALWARE, names, (KNOWN,), (words,))
    return found


def of_inspection(read: Inspection, *, threshold: float) -> Finding:
    """The finding of an inspection in which the file was the only thing of its mail.

    Counted is what speaks for malware in the file itself; what only mail makes suspicious (a program, an archive) is not.
    """
    if read.unparsable:
        return Finding(limits=(f"it could not be read: {read.unparsable}",))
    against = [one for one in read.verdict.reasons if _counts(one)]
    limits = tuple(read.limits_hit)
    blocked = [one for one in against if one.entry.startswith("block ")]
    if blocked:
        return Finding(BLOCK, (), (LIST,), tuple(one.words for one in blocked), limits)
    if sum(one.points for one in against) < threshold:
        return Finding(limits=limits)
    names = tuple(dict.fromkeys(filter(None, (*read.verdict.threat_names, *(one.threat_name for one in against)))))
    methods = tuple(dict.fromkeys(one.detection_method for one in against if one.detection_method))
    return Finding(MALWARE, names, methods, tuple(one.words for one in against), limits)


def _counts(reason: Reason) -> bool:
    if reason.silenced or reason.points <= 0:
        return False
    of_file = reason.entry.startswith(("block sha256:", "indicator sha256:"))
    return of_file or (reason.threat is ThreatType.MALWARE and reason.signal not in ONLY_IN_MAIL)
