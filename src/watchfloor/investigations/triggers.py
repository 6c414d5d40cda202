"""Alerts that start investigations: read by cursor, each exactly once in effect."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.incidents import selectors as incidents
from watchfloor.incidents.contracts import AlertStatus, EvidenceItem, TouchedAlert
from watchfloor.investigations.contracts import Cause, Seeds, Status
from watchfloor.investigations.following import end_alerts
from watchfloor.investigations.known import looked_into_by, removers_of, trait_of
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.playbook import Playbook, playbook_of, started_by, told_apart
from watchfloor.investigations.starting import may_start_by_itself, start
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.runtime.selectors import cursor_positions
from watchfloor.runtime.services import every, move_cursor

log = logging.getLogger(__name__)
EVIDENCE, HISTORY = "investigations.evidence", "investigations.history"
SETTLED = timedelta(seconds=2)
RECENT = timedelta(days=2)
"""Alerts older than this start nothing: a first start on a product with a long past looks at what is new."""
MOST_QUEUED = 500
"""While so many wait in line, alerts wait where they are: whoever floods us shall not bury what people ask for by hand."""
ROWS_AN_ALERT = 20
MIND = system_actor("automated investigation", Permission.EMAIL_ACTION_PROPOSE)


@every(3, name="investigations.triggers")
def watch_alerts() -> int:
    return read_alerts(now=utc_now())


def read_alerts(*, now: datetime, limit: int = 100) -> int:
    """Start or join an investigation for each new or grown alert; returns how many alerts were read."""
    left = MOST_QUEUED - Investigation.objects.filter(status=Status.QUEUED.value).count()
    if left <= 0:
        return 0
    limit = min(limit, max(1, left // ROWS_AN_ALERT))
    evidence, history = cursor_positions(EVIDENCE, HISTORY).values()
    touched = incidents.touched_after(evidence=evidence, history=history, before=now - SETTLED, limit=limit)
    for one in touched.alerts:
        _begin_safely(one, now=now)
    # Starting twice joins, so the cursor may move after the work.
    if touched.evidence != evidence:
        move_cursor(EVIDENCE, position=touched.evidence)
    if touched.history != history:
        move_cursor(HISTORY, position=touched.history)
    return len(touched.alerts)


def _begin_safely(touched: TouchedAlert, *, now: datetime) -> None:
    """An alert that cannot be looked into holds up no other; what may pass (a database or server away) is tried again."""
    try:
        begin(touched, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if isinstance(error, WatchfloorError) and error.retry:
            raise
        log.exception("alert %s starts no investigation", touched.alert.alert_id)


def begin(touched: TouchedAlert, *, now: datetime) -> bool:
    """Start or join for one alert; whether its rule starts anything."""
    alert = touched.alert
    playbook = started_by(alert.rule_id)
    if playbook is None or alert.status == AlertStatus.RESOLVED or alert.created_at < now - RECENT:
        return False
    cause = cause_of(alert.alert_id, playbook, title=alert.title, incident=str(alert.incident_id))
    cause = _made_out(cause, alert.rule_id, now=now)
    if not cause.seeds or not may_start_by_itself(cause.playbook):
        return False
    found = start(by=MIND, cause=cause, at=now)
    if cause.joins:
        end_alerts(found)
    return True


def cause_of(alert_id: str, playbook: type[Playbook], *, title: str, incident: str) -> Cause:
    """What an alert asks to look into, by its evidence."""
    items = incidents.evidence_items(alert=alert_id, limit=1000)
    # Whose mailbox it was before all whom its mail reached.
    suspects_first = sorted(items, key=lambda item: item.role != "compromised")
    about = next((item for kind in playbook.about for item in suspects_first if item.type == kind), None)
    key = f"{about.type}:{about.value}" if about else alert_id
    shown = about.shown if about else ""
    name = f"{playbook.title}: {shown}" if shown else title
    return Cause(playbook.key, key, name, seeds_of(items), alert_id, title, incident)


def _made_out(cause: Cause, rule: str, *, now: datetime) -> Cause:
    """What the alert's evidence alone does not say: by whom or for what mails were removed, and who looks into it already."""
    if not told_apart(rule) or not cause.seeds.messages:
        return cause
    removers = removers_of(cause.seeds.messages)
    if known := looked_into_by(cause.seeds.messages, removers):
        return replace(cause, joins=known)
    playbook = started_by(rule, trait_of(cause.seeds, removers, now=now))
    assert playbook is not None
    name = cause.name.replace(playbook_of(cause.playbook).title, playbook.title, 1)
    return replace(cause, playbook=playbook.key, name=name)


def seeds_of(items: "tuple[EvidenceItem, ...]") -> Seeds:
    """Mails, URLs known bad, and the people who acted; whoever merely received or reported is no suspect."""

    def values(kind: str, *, roles: tuple[str, ...] = (), verdicts: tuple[str, ...] = ()) -> tuple[str, ...]:
        found = (
            item.value
            for item in items
            if item.type == kind and (not roles or item.role in roles) and (not verdicts or item.verdict in verdicts)
        )
        return tuple(dict.fromkeys(found))

    return Seeds(
        messages=tuple(one.lower() for one in values("analyzedMessage")),
        people=tuple(one.lower() for one in values("user", roles=("compromised",))),
        urls=values("url", verdicts=("malicious",)),
        files=tuple(one.lower() for one in values("file", verdicts=("malicious",))),
    )
