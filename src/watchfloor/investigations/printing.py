"""An investigation as a PDF: what set it off, what was asked and found, what was recommended and decided."""

from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.inspection.services import print_pdf
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.moments import moments
from watchfloor.investigations.playbook import playbook_of
from watchfloor.investigations.remedies import cluster_lines, entity_lines
from watchfloor.investigations.rendering import DecisionLine, lasted, waited
from watchfloor.investigations.selectors import investigation
from watchfloor.ui.services import printed

audit_verb("investigation.export", "{actor} exported the investigation {target} as PDF")
MOST = 1000


def investigation_pdf(*, pk: int, by: Actor, at: datetime) -> bytes:
    """The document as bytes. Raises Forbidden, NotFound, NoRenderer when no Chromium is there or it failed."""
    with audited(
        by=by,
        permission=Permission.INCIDENT_READ,
        verb="investigation.export",
        target_type="investigation",
        target=str(pk),
    ) as result:
        document = print_pdf(as_html(investigation(pk, by=by), by=by, at=at))
        result["after"] = {"bytes": len(document)}
    return document


def as_html(found: Investigation, *, by: Actor, at: datetime) -> str:
    """The document that is printed; queries and entities of mail only for people who may read them."""
    may_read = by.may(Permission.EMAIL_METADATA_READ)
    recommendations = list(found.recommendations.all()[:MOST])
    entities = entity_lines(list(found.evidence.all()[:MOST]), recommendations) if may_read else []
    context: dict[str, Any] = {
        "one": found,
        "playbook": playbook_of(found.playbook),
        "duration": lasted(found, now=at),
        "waited": waited(found, now=at),
        "moments": moments(found),
        "clusters": cluster_lines(found.clusters.all()[:MOST]),
        "entities": entities,
        "steps": list(found.steps.order_by("run", "place")[:MOST]),
        "decisions": [DecisionLine.of(one, now=at) for one in recommendations],
        "may_read": may_read,
    }
    return printed("investigations/print.html", context, by=by.name, at=at)
