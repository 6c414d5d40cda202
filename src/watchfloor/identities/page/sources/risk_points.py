"""Points of the risk score, so that a person's score can be read off the timeline."""

from collections.abc import Iterable

from watchfloor.access.contracts import Permission
from watchfloor.identities.models import RiskPoint
from watchfloor.identities.page.lines import Line
from watchfloor.identities.page.source_kinds import Asking, StoredSource
from watchfloor.identities.scoring.selectors import line as point_of

MOST = 500


def lines(asked: Asking) -> Iterable[Line]:
    found = RiskPoint.objects.filter(person=asked.person, at__gte=asked.start, at__lt=asked.end)
    for row in found.order_by("-at", "-id")[:MOST]:
        point = point_of(row)
        yield Line(
            at=point.at,
            key=f"risk:{point.id}",
            kind="Risk",
            activity=point.title,
            words=point.words,
            techniques=point.techniques,
            on=point.kind == "alert",
            href=point.evidence,
            points=0.0 if point.void else point.points,
            why=point.words,
            point=point.id,
            status="void" if point.void else "",
            tells=point.source,
        )


SOURCE = StoredSource(key="risk", kind="Risk", permission=Permission.IDENTITY_READ, lines=lines)
