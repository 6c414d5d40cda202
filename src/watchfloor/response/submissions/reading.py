"""Accepted mail read for reports: what came to a report mailbox, what somebody moved into a report folder.

Read behind the intake's cursor, never before it, so that the mail a report is about has its verdict when the report is read.
Rows and cursor commit together; who is killed between reads again, and the unique position keeps each report single.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.connectors.selectors import accepted_after, raw_mail
from watchfloor.connectors.services import accept
from watchfloor.inspection.services import is_outside
from watchfloor.kernel.errors import NotFound
from watchfloor.lake.selectors import email, emails_known_as
from watchfloor.response.submissions.answering import is_own
from watchfloor.response.submissions.apart import read_apart
from watchfloor.response.submissions.contracts import Original, Reading, Reason, ReportState, Via
from watchfloor.response.submissions.matching import match
from watchfloor.response.submissions.models import UserReport
from watchfloor.response.submissions.policy import Policy, current
from watchfloor.response.submissions.settling import settle, shelve
from watchfloor.response.submissions.texts import storable
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

log = logging.getLogger(__name__)

READER = "response.reports"
INTAKE = "lake.ingest"
AT_ONCE = 500
SOURCE = "user report"
MOST_A_DAY = 500
"""Originals of one reporter that are read within a day: a taken account must not fill the lake, nor its mailbox with answers."""
PROVEN = frozenset({"pass", "softpass"})


def read_reports(*, now: datetime) -> int:
    """Read the next accepted mails for reports; returns how many mails were looked at."""
    policy, position, ready = current(), cursor_position(READER), cursor_position(INTAKE)
    if not policy.reading or not position:
        # From now on: mail of before is no report of today.
        if position != ready and ready:
            move_cursor(READER, position=ready)
        return 0
    mails = [one for one in accepted_after(position, limit=AT_ONCE) if one.position <= ready]
    if not mails:
        return 0
    for mail in mails:
        via = _via(mail, policy)
        if via is not None:
            _take(mail, via, policy, now=now)
            move_cursor(READER, position=mail.position)
    move_cursor(READER, position=mails[-1].position)
    return len(mails)


def _via(mail: AcceptedMail, policy: Policy) -> Via | None:
    if mail.source == SOURCE:
        return None
    leaf = str(mail.facts.get("path") or "").replace("/", ".").rpartition(".")[2].strip().lower()
    if leaf and leaf in {one.lower() for one in policy.folders}:
        return Via.FOLDER
    to = {address.lower() for address in mail.recipients}
    return Via.MAILBOX if to & set(policy.addresses) else None


def _take(mail: AcceptedMail, via: Via, policy: Policy, *, now: datetime) -> None:
    if UserReport.objects.filter(position=mail.position).exists():
        return
    reading = _folder_reading(mail) if via is Via.FOLDER else _mailbox_reading(mail)
    if reading.automatic and not reading.originals:
        return  # somebody's vacation notice
    if via is Via.MAILBOX and not is_own(reading.reporter):
        return  # the world's mail to an address that is easily guessed: no report of anybody here
    doubt = (_doubt(mail, reading) if via is Via.MAILBOX else "") or _flood(reading, mail, now=now)
    if doubt:
        reading = replace(reading, originals=(), trouble=doubt, automatic=True)
    if via is Via.MAILBOX and _is_copy(mail):
        return
    if via is Via.FOLDER and _known_in_folder(reading):
        return
    reports = [_report(mail, via, reading, one, part, now=now) for part, one in enumerate(reading.originals)]
    if not reports:
        reports = [_report(mail, via, reading, Original(""), 0, now=now)]
    with transaction.atomic():
        for report, original in zip(reports, reading.originals or [Original("")], strict=True):
            _match(report, original, now=now)
            report.save()
            if report.state == ReportState.UNKNOWN:
                # Anybody can send such mail: one card a day for all of it.
                shelve(report, key=f"not believed {now:%Y-%m-%d}" if doubt else "")
    for report in reports:
        if report.state == ReportState.MATCHED:
            settle(report, policy=policy, now=now)


def _mailbox_reading(mail: AcceptedMail) -> Reading:
    try:
        return read_apart(raw_mail(mail.sha256))
    except NotFound as error:
        return Reading(mail.mail_from, "", Reason.PHISH, "", trouble=error.message)


def _doubt(mail: AcceptedMail, reading: Reading) -> str:
    """Why the reporter is not to be believed: who writes in somebody's name must not bring mail in, nor alerts.

    Many domains have no DMARC that could fail, so mail from outside must prove who sent it.
    """
    known = emails_known_as(sha256=mail.sha256, fingerprint=reading.fingerprint)
    records = [found for one in known if (found := email(one.network_message_id))]
    if not records:
        return "it could not be inspected, so nobody knows who sent it"
    for record in records:
        proof = record.summary.get("authentication") or {}
        if proof.get("dmarc") == "fail":
            return "its sender is not who it says: DMARC failed"
        first = record.rows[0] if record.rows else {}
        outside = first.get("EmailDirection") == "Inbound" and is_outside(str(first.get("SenderIP") or ""))
        if outside and proof.get("composite") not in PROVEN:
            return "it came from outside, and nothing proves who sent it"
    return ""


def _flood(reading: Reading, mail: AcceptedMail, *, now: datetime) -> str:
    """Why no more of this reporter is read today, "" while it may be."""
    reporter = storable(reading.reporter or mail.mail_from).lower()[:320]
    known = UserReport.objects.filter(reporter=reporter, read_at__gt=now - timedelta(days=1)).exclude(form="")
    told = known.count() + len(reading.originals) > MOST_A_DAY
    return f"its reporter reported more than {MOST_A_DAY} mails within a day" if told else ""


def _folder_reading(mail: AcceptedMail) -> Reading:
    """A mail somebody moved: it is itself what is reported."""
    owner = str(mail.facts.get("delivered_to") or (mail.recipients or ("",))[0])
    if known := emails_known_as(sha256=mail.sha256):
        one = known[0]
        original = Original(
            "folder", internet_message_id=one.internet_message_id, fingerprint=one.fingerprint, sha256=one.sha256
        )
        return Reading(owner, "", Reason.PHISH, "Report folder", originals=(original,))
    try:
        found = read_apart(raw_mail(mail.sha256), what="mail")
    except NotFound as error:
        return Reading(owner, "", Reason.PHISH, "Report folder", trouble=error.message)
    return Reading(owner, "", Reason.PHISH, "Report folder", originals=found.originals, trouble=found.trouble)


def _is_copy(mail: AcceptedMail) -> bool:
    """Whether another door brought the same reporting mail before: the journal and the mailbox both tell of it."""
    return UserReport.objects.filter(report_sha256=mail.sha256, via=Via.MAILBOX).exists()


def _known_in_folder(reading: Reading) -> bool:
    """Whether this person reported this mail in this way already: folders are read anew when a server numbers them anew."""
    return any(
        UserReport.objects.filter(
            reporter=reading.reporter.lower(), fingerprint=one.fingerprint, via=Via.FOLDER
        ).exists()
        for one in reading.originals
        if one.fingerprint
    )


def _report(
    mail: AcceptedMail, via: Via, reading: Reading, original: Original, part: int, *, now: datetime
) -> UserReport:
    return UserReport(
        position=mail.position,
        part=part,
        report_sha256=mail.sha256,
        reporter=storable(reading.reporter or mail.mail_from).lower()[:320],
        reporter_name=storable(reading.reporter_name)[:320],
        # When it reached us: the Date of a mail is the reporter's clock.
        reported_at=mail.received_at if via is Via.MAILBOX else now,
        read_at=now,
        via=via.value,
        reported_from=reading.reported_from,
        reason=reading.reason.value,
        comment=storable(reading.comment),
        form=original.form,
        subject=storable(original.subject)[:1000],
        sender=storable(original.sender)[:400],
        sender_ip=original.sender_ip[:45],
        internet_message_id=storable(original.internet_message_id)[:998],
        sent_at=original.sent_at,
        fingerprint=original.fingerprint,
        sha256=original.sha256,
        language=reading.language,
        trouble=reading.trouble,
        no_answer=(reading.trouble or "a machine sent the report") if reading.automatic else "",
    )


def _match(report: UserReport, original: Original, *, now: datetime) -> None:
    """Name the mail; one that nobody knows is taken in itself, so that it gets a verdict of its own."""
    if not original.form:
        report.state = ReportState.UNKNOWN
        return
    found, by = match(original, reporter=report.reporter, at=report.reported_at)
    if found:
        report.network_message_id, report.matched_by, report.state = found, by, ReportState.MATCHED
    elif original.raw:
        report.taken = accept(
            original.raw,
            source=SOURCE,
            received_at=report.reported_at,
            recipients=[report.reporter],
            facts={"user_report": True, "form": original.form},
        ).position
        report.matched_by = (
            "taken in with the report" if original.form == "attached" else "rebuilt from what was quoted"
        )
        report.state = ReportState.WAITING
    else:
        report.state, report.trouble = ReportState.UNKNOWN, report.trouble or "no mail here is the one that was moved"


def settle_waiting(*, now: datetime) -> int:
    """Tell the verdict on originals that were taken in and have one by now; returns how many."""
    waiting = UserReport.objects.filter(state=ReportState.WAITING, taken__lte=cursor_position(INTAKE))
    cut_off = UserReport.objects.filter(state=ReportState.MATCHED, verdict_at=None)
    reports = [*waiting.order_by("id")[:50], *cut_off.order_by("id")[:50]]
    policy = current() if reports else Policy()
    return sum(_settled(report, policy, now=now) for report in reports)


def _settled(report: UserReport, policy: Policy, *, now: datetime) -> bool:
    if report.state == ReportState.MATCHED:
        settle(report, policy=policy, now=now)
        return report.verdict_at is not None
    taken = accepted_after((report.taken or 1) - 1, limit=1)
    known = emails_known_as(fingerprint=report.fingerprint, sha256=taken[0].sha256 if taken else report.sha256)
    if known:
        report.network_message_id, report.state = known[0].network_message_id, ReportState.MATCHED
    else:
        report.state, report.trouble = ReportState.UNKNOWN, "it could not be inspected; see the dead letters"
    report.save(update_fields=["network_message_id", "state", "trouble"])
    if known:
        settle(report, policy=policy, now=now)
    else:
        shelve(report)
    return True


__all__: Sequence[str] = ["READER", "read_reports", "settle_waiting"]
