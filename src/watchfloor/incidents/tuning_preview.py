"""What a tuning rule would have done to the alerts of the last days, before anybody saves it (LM-17)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.incidents.contracts import AlertSummary, Classification
from watchfloor.incidents.facets import OWN
from watchfloor.incidents.models import Alert, AlertEvidence
from watchfloor.incidents.reading import alert_summary
from watchfloor.incidents.seeing import hidden_from, seen_by
from watchfloor.incidents.tuning import Conditions, Subject, holds, read
from watchfloor.incidents.tuning_keeping import Wanted

DAYS = 30
MOST = 5000
EXAMPLES = 10
PIECE = 250


@dataclass(frozen=True, slots=True)
class Preview:
    """`looked` alerts were looked at, `fitting` would have been met; `true_positives` of them people had confirmed.

    `policies` counts them by title; `examples` are the newest, confirmed ones first; `cut` says that there were more alerts.
    """

    looked: int
    fitting: int
    true_positives: int
    policies: tuple[tuple[str, int], ...]
    examples: tuple[AlertSummary, ...]
    days: int = DAYS
    cut: bool = False

    @property
    def warning(self) -> str:
        """What to say when people had confirmed some of them."""
        many = self.true_positives != 1
        return (
            f"{self.true_positives:,} of them {'were' if many else 'was'} classified as true positive. The rule would have "
            f"kept {'them' if many else 'it'} from you; make it narrower."
        )


def preview(*, wanted: Wanted, by: Actor, now: datetime, days: int = DAYS) -> Preview:
    """Hold an unsaved rule against the alerts with activity in the last `days`. Raises BadInput for conditions that cannot be, Forbidden."""
    authorise(by, Permission.DETECTION_TUNE)
    authorise(by, Permission.INCIDENT_READ)  # it names alerts, and its counts answer any question about them
    conditions = read(wanted.conditions)
    alerts = Alert.objects.filter(seen_by(hidden_from(by), "incident__"), last_activity__gte=now - timedelta(days=days))
    alerts = alerts.select_related("incident", "tuned_by")
    if wanted.policies:
        alerts = alerts.filter(rule_id__in=list(wanted.policies))
    if wanted.sources:
        alerts = alerts.filter(source__in=["" if one == OWN else one for one in wanted.sources])
    rows = list(alerts.order_by("-last_activity", "-id")[: MOST + 1])
    met = list(_fitting(rows[:MOST], conditions))
    confirmed = [one for one in met if one.classification == Classification.TRUE_POSITIVE]
    first = sorted(met, key=lambda one: one.classification != Classification.TRUE_POSITIVE)[:EXAMPLES]
    return Preview(
        looked=min(len(rows), MOST),
        fitting=len(met),
        true_positives=len(confirmed),
        policies=tuple(Counter(one.title for one in met).most_common(10)),
        examples=tuple(alert_summary(one, link=None) for one in first),
        days=days,
        cut=len(rows) > MOST,
    )


def _fitting(rows: Sequence[Alert], conditions: Conditions) -> Iterator[Alert]:
    """Evidence is read in pieces, and only of the kinds that the conditions ask."""
    kinds = {one.type for group in conditions.groups for one in group}
    for at in range(0, len(rows), PIECE):
        piece = rows[at : at + PIECE]
        entities: dict[int, list[tuple[str, str]]] = {}
        found = AlertEvidence.objects.filter(alert__in=piece, type__in=kinds).values_list("alert_id", "type", "value")
        for alert, kind, value in found.iterator():
            entities.setdefault(alert, []).append((kind, value))
        for one in piece:
            subject = Subject(one.title, tuple(entities.get(one.pk, ())), omitted=one.evidence_omitted > 0)
            if holds(conditions, subject):
                yield one
