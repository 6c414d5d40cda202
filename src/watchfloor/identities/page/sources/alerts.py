"""Alerts that name the person."""

from collections.abc import Iterable

from watchfloor.access.contracts import Permission
from watchfloor.identities.page.lines import Line
from watchfloor.identities.page.source_kinds import Asking, StoredSource
from watchfloor.incidents.selectors import alerts_naming


def lines(asked: Asking) -> Iterable[Line]:
    names = asked.names
    everything = (*names.addresses, *names.sids, *names.object_ids, *names.account_names, *names.logins)
    for alert in alerts_naming(everything, start=asked.start, end=asked.end):
        yield Line(
            at=alert.last_activity,
            key=f"alert:{alert.alert_id}",
            kind="Alert",
            activity=alert.title,
            words=alert.description,
            app=alert.source,
            severity=alert.severity,
            status=alert.status,
            techniques=alert.techniques,
            on=True,
            href=alert.href,
            tells=("alert", alert.alert_id),
        )


SOURCE = StoredSource(key="alert", kind="Alert", permission=Permission.INCIDENT_READ, lines=lines)
