"""Beginning an investigation, or joining the one that looks into the same cause."""

from datetime import datetime, timedelta

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.investigations import policy
from watchfloor.investigations.contracts import OPEN, Cause, Level, Status
from watchfloor.investigations.models import Investigation, InvestigationAlert
from watchfloor.investigations.playbook import playbook_of
from watchfloor.investigations.queueing import queue_after_commit
from watchfloor.kernel.errors import BadInput

audit_verb("investigation.start", "{actor} started the investigation {target}")
audit_verb("investigation.stop", "{actor} ended the investigation {target}")

WINDOW = timedelta(days=1)
"""An alert of the same cause joins what began within so long, or is still open."""
MOST_SEEDS = 500


def start(*, by: Actor, cause: Cause, reason: str = "", at: datetime) -> Investigation:
    """Begin, or join what is under way. Raises Forbidden, BadInput (nothing to look into), NotFound (no such playbook)."""
    playbook = playbook_of(cause.playbook)
    if not cause.seeds:
        raise BadInput("choose a mail, a person or a URL to look into", place="seeds")
    with audited(
        by=by,
        permission=Permission.EMAIL_ACTION_PROPOSE,
        verb="investigation.start",
        target_type="investigation",
        target=cause.name,
        reason=reason,
    ) as result:
        with transaction.atomic():
            found = _same(cause, at) if cause.alert_id else None
            joined = found is not None
            if found is None:
                found = _begun(by, cause, reason, at, kind=playbook.kind.value)
            elif not cause.joins and _grow(found, cause, at):
                found.save(update_fields=["seeds", "grown_at", "changed_at", "incident_id"])
            _note_alert(found, cause, at)
        result["after"] = {"id": found.pk, "joined": joined}
    return found


def _same(cause: Cause, at: datetime) -> Investigation | None:
    """The one that knows of it already; else that of the same cause that is open, or began within the window."""
    if cause.joins:
        return Investigation.objects.select_for_update().filter(pk=cause.joins).first()
    known = Investigation.objects.select_for_update().filter(cause=_key(cause)).order_by("-id").first()
    if known is None or known.status == Status.STOPPED:
        return None
    if known.status not in OPEN and known.created_at < at - WINDOW:
        return None
    return None if _full(known, cause) else known


def _full(known: Investigation, cause: Cause) -> bool:
    """Whether a further alert brings more than one investigation looks at: a flood shall hide nothing behind its first mails."""
    if known.alerts.filter(alert_id=cause.alert_id).exists():
        return False
    both = (known.seeded | cause.seeds).kept
    return any(len(values) > MOST_SEEDS and values != known.seeded.kept[name] for name, values in both.items())


def _key(cause: Cause) -> str:
    return f"{cause.playbook}|{cause.key}"[:400]


def _begun(by: Actor, cause: Cause, reason: str, at: datetime, *, kind: str) -> Investigation:
    found = Investigation.objects.create(
        name=cause.name[:300],
        kind=kind,
        playbook=cause.playbook,
        level=policy.level_of(policy.current(), cause.playbook).value,
        cause=_key(cause),
        seeds=cause.seeds.kept,
        users=list(cause.seeds.people[:50]),
        incident_id=cause.incident_id,
        created_by=by.id,
        created_by_name=by.name,
        reason=reason.strip(),
        created_at=at,
        changed_at=at,
    )
    queue_after_commit(found)
    return found


def _grow(found: Investigation, cause: Cause, at: datetime) -> bool:
    """Take in what is new; whether there was any. The watching tick makes the next run when the last one is done."""
    kept = found.seeded | cause.seeds
    if kept == found.seeded:
        return False
    found.seeds, found.grown_at, found.changed_at = kept.kept, at, at
    found.incident_id = found.incident_id or cause.incident_id
    return True


def _note_alert(found: Investigation, cause: Cause, at: datetime) -> None:
    if cause.alert_id:
        InvestigationAlert.objects.get_or_create(
            investigation=found, alert_id=cause.alert_id, defaults={"title": cause.alert_title[:300], "at": at}
        )


def may_start_by_itself(playbook: str) -> bool:
    """Whether alerts start this playbook at all."""
    return policy.level_of(policy.current(), playbook) is not Level.OFF
