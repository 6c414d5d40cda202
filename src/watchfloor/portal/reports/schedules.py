"""Reports by mail: daily, weekly, monthly, or once. Each is sent once per turn, however often the worker is killed."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from django.conf import settings

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import person_of, rights_by_email
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.contracts import Attachment
from watchfloor.connectors.services import can_send, checked_addresses, send_mail
from watchfloor.kernel.errors import BadInput, NotFound, WatchfloorError
from watchfloor.portal.models import Schedule
from watchfloor.portal.reports.answering import figures
from watchfloor.portal.reports.asking import address, asked
from watchfloor.portal.reports.catalogue import report_of
from watchfloor.portal.reports.contracts import Asked, Figures
from watchfloor.portal.reports.files import csv_of_summary, file_name, pdf_of

log = logging.getLogger(__name__)

audit_verb("report.schedule", "{actor} scheduled the report {target} by mail")
audit_verb("report.request", "{actor} requested the report {target} by mail")
audit_verb("report.unschedule", "{actor} removed the schedule {target}")
audit_verb("report.switch", "{actor} switched the schedule {target}")

MAY = Permission.REPORT_SCHEDULE
NEEDED = {Permission.EMAIL_METADATA_READ, Permission.REPORT_SCHEDULE}
PERIODS = {"daily": "Every day", "weekly": "Every week", "monthly": "Every month", "once": "Once, now"}
LAST_DAY = 28
"""The latest day of a month that every month has."""
DAYS = ("range", "from", "to")
PATIENCE = timedelta(minutes=10)
"""So long a turn is tried again when trying again may help."""
MOST_LINES = 10
MOST_KEPT = 200
"""Schedules of one person that still run."""
REMEMBERED = 50
"""Requests of one person that were sent; older ones are forgotten."""


def add_schedule(
    *,
    by: Actor,
    name: str,
    report: str,
    parameters: str,
    period: str,
    recipients: Sequence[str],
    now: datetime,
    weekday: int = 0,
    day: int = 1,
    hour: int = 7,
) -> Schedule:
    """Send a report from now on, or once. `parameters` is its address; a repeated one sends the days before each turn.

    Raises BadInput naming what cannot be right.
    """
    verb = "report.request" if period == "once" else "report.schedule"
    with audited(by=by, permission=MAY, verb=verb, target_type="report", target=report) as result:
        owner = person_of(by)
        if owner is None or report_of(report) is None:
            raise BadInput("a schedule belongs to a person and a report")
        if Schedule.objects.filter(owner=owner, next_at__isnull=False).count() >= MOST_KEPT:
            raise BadInput(f"at most {MOST_KEPT} schedules each; remove one first", place="name")
        name = " ".join(name.split())
        if not name or len(name) > 100:
            raise BadInput("a name of at most 100 characters is needed", place="name")
        if period not in PERIODS or not (0 <= weekday < 7 and 1 <= day <= LAST_DAY and 0 <= hour < 24):
            raise BadInput("this is no time to send a report at", place="period")
        kept = [(key, value) for key, value in parse_qsl(parameters) if period == "once" or key not in DAYS]
        made = Schedule(
            name=name,
            report=report,
            parameters=urlencode([pair for pair in kept if pair[0] != "page"])[:4000],
            period=period,
            weekday=weekday,
            day=day,
            hour=hour,
            recipients=list(checked_addresses(recipients)),
            owner=owner,
            created_at=now,
        )
        made.next_at = now if period == "once" else next_turn(made, after=now)
        made.save()
        sent = Schedule.objects.filter(owner=owner, period="once", next_at=None).order_by("-pk")
        Schedule.objects.filter(pk__in=list(sent.values_list("pk", flat=True)[REMEMBERED:])).delete()
        result["after"] = {"name": name, "period": period, "recipients": made.recipients}
    return made


def remove_schedule(*, by: Actor, id: int) -> None:
    """Send it no more. Raises NotFound."""
    found = _schedule(id)
    with audited(by=by, permission=MAY, verb="report.unschedule", target_type="schedule", target=found.name):
        found.delete()


def switch_schedule(*, by: Actor, id: int, now: datetime) -> Schedule:
    """Pause it, or go on with the next turn from now. Who goes on with it becomes its owner: it is sent with their rights."""
    found = _schedule(id)
    with audited(by=by, permission=MAY, verb="report.switch", target_type="schedule", target=found.name) as result:
        found.enabled = not found.enabled
        if found.enabled:
            found.owner = person_of(by) or found.owner
            found.trouble = ""
            found.next_at = next_turn(found, after=now)
        found.save()
        result["after"] = {"enabled": found.enabled}
    return found


def next_turn(schedule: Schedule, *, after: datetime) -> datetime | None:
    """The next moment after `after` at which it is due; None for one that is sent once."""
    if schedule.period == "once":
        return None
    today = after.astimezone(_zone()).date()
    for ahead in range(63):
        day = today + timedelta(days=ahead)
        moment = datetime.combine(day, time(schedule.hour), _zone()).astimezone(UTC)
        if moment > after and _fits(schedule, day):
            return moment
    raise AssertionError("every schedule is due within two months")


def covered(schedule: Schedule, *, due: datetime) -> dict[str, str]:
    """The days a turn tells of, as parameters: yesterday, the last seven days, the last month."""
    today = due.astimezone(_zone()).date()
    last = today - timedelta(days=1)
    if schedule.period == "once":
        return {}
    if schedule.period == "monthly":
        last = today.replace(day=1) - timedelta(days=1)
        return {"from": last.replace(day=1).isoformat(), "to": last.isoformat()}
    first = last if schedule.period == "daily" else last - timedelta(days=6)
    return {"from": first.isoformat(), "to": last.isoformat()}


def send_due(*, now: datetime) -> int:
    """Send what is due; returns how many were handed to the outbox or given up for this turn."""
    done = 0
    for schedule in Schedule.objects.filter(enabled=True, next_at__lte=now).select_related("owner").order_by("next_at"):
        done += _take_turn(schedule, now=now)
    return done


def _take_turn(schedule: Schedule, *, now: datetime) -> int:
    """One mail for one turn. The key of the turn makes a second try the same mail; while it waits it stays the same turn."""
    due = schedule.next_at or now
    if not rights_by_email().get(schedule.owner.email, frozenset()) >= NEEDED:
        schedule.enabled, schedule.trouble = False, f"{schedule.owner.name} may not send reports any more"
        schedule.save()
        return 0
    if not can_send():
        Schedule.objects.filter(pk=schedule.pk).update(trouble="it waits: no connection sends mail")
        return 0
    try:
        schedule.last_key = _send(schedule, due=due, now=now)
        schedule.last_at = now
    except WatchfloorError as error:
        log.warning("schedule %s: %s", schedule.name, error)
        schedule.trouble = str(error)
        if error.retry and now - due < PATIENCE:
            Schedule.objects.filter(pk=schedule.pk).update(trouble=str(error))
            return 0
    schedule.next_at = next_turn(schedule, after=max(due, now))
    schedule.save()
    return 1


def _send(schedule: Schedule, *, due: datetime, now: datetime) -> str:
    report = report_of(schedule.report)
    if report is None:
        raise BadInput("this report is no longer there")
    parameters = {**dict(parse_qsl(schedule.parameters)), **covered(schedule, due=due)}
    one = asked(report, parameters, now=due)
    found = figures(one)
    attachments = [Attachment(file_name(one, "csv"), "text/csv", "".join(csv_of_summary(one, found)).encode())]
    schedule.trouble = ""
    try:
        pdf = pdf_of(one, found, by=schedule.owner.name, at=now)
        attachments.insert(0, Attachment(file_name(one, "pdf"), "application/pdf", pdf))
    except WatchfloorError as error:
        if error.retry and now - due < PATIENCE:
            raise
        # The figures go out all the same, and say what is missing.
        schedule.trouble = f"the PDF could not be made: {error}"
    key = f"report {schedule.pk} {due.isoformat()}"
    send_mail(
        to=schedule.recipients,
        subject=f"{schedule.name}: {report.title}, {_days_words(one)}",
        text=_letter(one, found, schedule),
        attachments=attachments,
        dedup_key=key,
        now=now,
    )
    return key


def _letter(one: Asked, found: Figures, schedule: Schedule) -> str:
    lines = [f"{one.report.title}, {one.tab.label}", "", f"{found.sentence}.", ""]
    lines += [f"{label}: {value}" for label, value in found.stats]
    lines += [f"{line.name}: {line.count:,} ({line.share} %)" for line in found.lines[:MOST_LINES]]
    lines += ["Nothing in these days."] if not found.lines else []
    lines += ["", f"{settings.WATCHFLOOR.address}{address(one)}", ""]
    lines += [schedule.trouble, ""] if schedule.trouble else []
    lines.append(f"Sent by Watchfloor for {schedule.owner.name}; schedules are under Reports, Schedules.")
    return "\n".join(lines)


def _days_words(one: Asked) -> str:
    first = one.start.astimezone(_zone()).date()
    last = (one.end - timedelta(hours=12)).astimezone(_zone()).date()
    return f"{first}" if first == last else f"{first} to {last}"


def _fits(schedule: Schedule, day: date) -> bool:
    if schedule.period == "weekly":
        return day.weekday() == schedule.weekday
    return schedule.period == "daily" or day.day == schedule.day


def _schedule(id: int) -> Schedule:
    found = Schedule.objects.filter(pk=id).first()
    if found is None:
        raise NotFound("there is no such schedule")
    return found


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)
