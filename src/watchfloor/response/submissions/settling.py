"""A report that has found its mail: its group, our own verdict, its rows in the lake, and the first answer."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, Min

from watchfloor.identities.selectors import people_by_address
from watchfloor.lake import selectors as lake
from watchfloor.lake import services as lake_services
from watchfloor.lake.contracts import EmailRecord
from watchfloor.response.submissions import lake_rows
from watchfloor.response.submissions.answering import answer_at_once
from watchfloor.response.submissions.models import ReportGroup, UserReport
from watchfloor.response.submissions.policy import Policy
from watchfloor.response.submissions.simulations import simulation_of
from watchfloor.response.submissions.submitting import judged
from watchfloor.response.submissions.texts import storable
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

VERDICTS = "response.reports.verdicts"


def settle(report: UserReport, *, policy: Policy, now: datetime) -> None:
    """Show the verdict, tell the lake, answer the reporter. Done once: `verdict_at` says that it was."""
    if report.verdict_at is not None:
        return
    record = lake.email(report.network_message_id)
    if record is None:
        return
    with transaction.atomic():
        _complete(report, record)
        simulation = simulation_of(record.rows[0] if record.rows else {}, policy.simulations)
        group = _group(report, record, simulation, now=now)
        report.group, report.verdict_at = group, now
        report.save()
        _count(group)
        if not simulation:  # nobody is to be alarmed by an exercise
            lake_services.append("EmailPostDeliveryEvents", [lake_rows.post_delivery(report)])
        lake_services.append("CloudAppEvents", [lake_rows.of_report(report)])
        answer_at_once(report, group, policy=policy, now=now)  # the outbox is of the same database: all or nothing


def tell_verdict(group: ReportGroup, record: EmailRecord, *, now: datetime) -> None:
    """Write our own verdict as it stands now into the card; not saved."""
    outcome = judged(record)
    group.threats, group.confidence = list(outcome.threats), outcome.confidence
    group.result, group.explanation, group.verdict_at = outcome.result, storable(outcome.explanation), now
    if group.simulation:
        group.result, group.explanation = "Phish simulation", f"It is a simulation of our own ({group.simulation})."


def follow_verdicts(*, now: datetime) -> int:
    """Bring what came to light later (a campaign, an entry, a person's word) to the cards of these mails."""
    position = cursor_position(VERDICTS)
    late = lake.late_verdicts_after(position, limit=500)
    if not late:
        return 0
    mails = {one.network_message_id for one in late}
    with transaction.atomic():
        for group in ReportGroup.objects.filter(network_message_id__in=mails):
            record = lake.email(group.network_message_id)
            if record is not None:
                tell_verdict(group, record, now=now)
                group.save(update_fields=["threats", "confidence", "result", "explanation", "verdict_at"])
        move_cursor(VERDICTS, position=late[-1].position)
    return len(late)


def shelve(report: UserReport, *, key: str = "") -> None:
    """A card for a report whose mail nobody could name, so that a person sees it: of its own, or the one of this `key`."""
    group, _ = ReportGroup.objects.get_or_create(
        key=key or f"report {report.position}.{report.part}",
        defaults={"first_at": report.reported_at, "last_at": report.reported_at},
    )
    group.subject, group.sender, group.reason = report.subject, report.sender, report.reason
    group.result, group.explanation = "Original not found", f"{report.trouble}."
    group.save()
    report.group = group
    report.save(update_fields=["group"])
    _count(group)


def _complete(report: UserReport, record: EmailRecord) -> None:
    """What our own copy of the mail knows better than the report."""
    first = record.rows[0] if record.rows else {}
    report.subject = storable(record.summary.get("subject") or report.subject)[:1000]
    report.sender = storable(first.get("SenderFromAddress") or report.sender)[:400]
    report.sender_ip = str(first.get("SenderIP") or report.sender_ip)[:45]
    report.internet_message_id = report.internet_message_id or storable(first.get("InternetMessageId"))[:998]


def _group(report: UserReport, record: EmailRecord, simulation: str, *, now: datetime) -> ReportGroup:
    """The card of this mail or of its campaign, opened again when it was closed for other mails."""
    first = record.rows[0] if record.rows else {}
    cluster = int(first.get("EmailClusterId") or 0)
    key = f"cluster {cluster}" if cluster and not simulation else record.network_message_id
    group, _ = ReportGroup.objects.get_or_create(
        key=key, defaults={"first_at": report.reported_at, "last_at": report.reported_at}
    )
    group.network_message_id, group.cluster_id = record.network_message_id, cluster
    group.subject, group.sender, group.sender_ip = report.subject, report.sender, report.sender_ip
    group.simulation = simulation[:100]
    tell_verdict(group, record, now=now)
    group.reason = report.reason
    known = people_by_address([report.reporter]).get(report.reporter)
    group.tags = sorted({*group.tags, *(known.tags if known else ())})
    if group.marked_as and record.network_message_id not in group.answered:
        group.marked_as, group.note = "", ""  # another mail of the campaign: nobody has looked at it yet
    group.save()
    return group


def _count(group: ReportGroup) -> None:
    told = group.lines.aggregate(
        reports=Count("id"),
        reporters=Count("reporter", distinct=True),
        first=Min("reported_at"),
        last=Max("reported_at"),
    )
    group.reports, group.reporters = told["reports"], told["reporters"]
    group.first_at, group.last_at = told["first"], told["last"]
    group.save(update_fields=["reports", "reporters", "first_at", "last_at"])
