"""What a source of evidence may find about a mail besides evidence that weighs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.inspection.contracts import Evidence, FoundAttachment, Inspection, ThreatType

Read = tuple[AcceptedMail, Inspection]
FILE_METHOD = "Antimalware protection"


@dataclass(frozen=True, slots=True)
class Infected:
    """The attachment of this SHA-256 is what was found; `threat_name` is what it is called, "" when nobody says."""

    sha256: str
    threat: ThreatType
    threat_name: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Somebody who was asked and did not answer, in words; weighs nothing, and is shown with the mail."""

    words: str


Finding = Evidence | Infected | Unanswered


def noted(inspection: Inspection, findings: Iterable[Finding]) -> Inspection:
    """The inspection with infected attachments marked, and `facts["unanswered"]` saying who did not answer."""
    infected = {one.sha256: one for one in findings if isinstance(one, Infected)}
    silent = [one.words for one in findings if isinstance(one, Unanswered)]
    if infected:
        files = tuple(_marked(file, infected.get(file.sha256)) for file in inspection.attachments)
        inspection = replace(inspection, attachments=files)
    if silent:
        inspection = replace(inspection, facts=inspection.facts | {"unanswered": silent})
    return inspection


def _marked(file: FoundAttachment, found: Infected | None) -> FoundAttachment:
    if found is None:
        return file
    return replace(
        file,
        threat_types=tuple(dict.fromkeys((*file.threat_types, found.threat))),
        threat_name=file.threat_name or found.threat_name,
        detection_methods=tuple(dict.fromkeys((*file.detection_methods, FILE_METHOD))),
    )
