"""Answers to reporters: at once with our own verdict, later with what an analyst marked."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from watchfloor.connectors.services import can_send, send_mail
from watchfloor.identities.selectors import is_ours
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.submissions.contracts import Mark
from watchfloor.response.submissions.models import ReportGroup, UserReport
from watchfloor.response.submissions.policy import Policy
from watchfloor.response.submissions.texts import OF_MARK, filled, template, verdict_words


def why_not(report: UserReport) -> str:
    """Why this reporter gets no answer, "" when they do: a stranger learns nothing from us."""
    if report.no_answer:
        return report.no_answer
    if not is_own(report.reporter):
        return "the reporter is none of our own people"
    return "" if can_send() else "no connection sends mail"


def is_own(address: str) -> bool:
    """Whether an address is one of our own people; where no domain of ours is set, everybody is."""
    return is_ours(address, if_unset=True)


def composed(report: UserReport, which: str, *, policy: Policy, threats: list[str], note: str = "") -> tuple[str, str]:
    """(subject, text) of an answer."""
    language = report.language or policy.language
    facts = {
        "name": report.reporter_name or report.reporter.partition("@")[0],
        "subject": report.subject or "(no subject)",
        "sender": report.sender or "(unknown)",
        "reported": timezone.localtime(report.reported_at).strftime(
            "%d.%m.%Y %H:%M" if language == "de" else "%Y-%m-%d %H:%M"
        ),
        "verdict": verdict_words(threats, language=language),
        "note": note,
    }
    return filled(template(which, language=language, texts=policy.texts), facts)


def answer_at_once(report: UserReport, group: ReportGroup, *, policy: Policy, now: datetime) -> None:
    """Tell the reporter what our own check says; an analyst's mark for this mail, where there is one, stands above it."""
    if not policy.answer_at_once:
        return
    if group.simulation:
        which = "simulation"
    elif group.mark and report.network_message_id in group.answered:
        which = OF_MARK[group.mark]
    else:
        which = "received-threat" if group.threats and group.threats[0] != "Spam" else "received"
    _send(report, which, key=f"report {report.pk} received", policy=policy, threats=group.threats, note="", now=now)


def answer_mark(
    reports: Iterable[UserReport], *, mark: Mark, note: str, policy: Policy, threats: list[str], now: datetime
) -> int:
    """Tell each reporter once what the mail was marked as; returns how many mails were queued."""
    told: set[str] = set()
    for report in reports:
        if report.reporter in told:
            continue
        told.add(report.reporter)
        key = f"report {report.pk} {OF_MARK[mark]} {now.isoformat()}"
        _send(report, OF_MARK[mark], key=key, policy=policy, threats=threats, note=note, now=now)
    return sum(1 for report in reports if report.answers and report.answers[-1]["at"] == now.isoformat())


def _send(
    report: UserReport, which: str, *, key: str, policy: Policy, threats: list[str], note: str, now: datetime
) -> None:
    """Queue one answer and note it with the report; what stands in the way is noted instead."""
    report.no_answer = why_not(report)
    if not report.no_answer:
        subject, text = composed(report, which, policy=policy, threats=threats, note=note)
        try:
            send_mail(to=[report.reporter], subject=subject, text=text, dedup_key=key[:200], now=now)
            report.answers = [*report.answers, {"key": key[:200], "which": which, "at": now.isoformat()}]
        except WatchfloorError as error:
            report.no_answer = error.message
    report.save(update_fields=["answers", "no_answer"])
