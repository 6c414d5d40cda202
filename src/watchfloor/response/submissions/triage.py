"""What an analyst does with reported mail: mark and notify, convert to a submission."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.lake.selectors import email
from watchfloor.response.submissions.answering import answer_mark
from watchfloor.response.submissions.contracts import Mark, Said, Submitted
from watchfloor.response.submissions.models import ReportGroup
from watchfloor.response.submissions.policy import current
from watchfloor.response.submissions.settling import tell_verdict
from watchfloor.response.submissions.submitting import correct, submit_mail
from watchfloor.response.submissions.texts import storable

audit_verb("report.mark", "{actor} marked the reported mail {target}")

MOST_NOTE = 2000


def mark_and_notify(
    *, by: Actor, group_id: int, mark: Mark, note: str = "", notify: bool = True, learn: bool = True, now: datetime
) -> tuple[int, int]:
    """Mark every mail of a card (SU-14) and tell each reporter once; returns (verdicts corrected, answers queued).

    The mark is the label of each reported mail, so that late verdicts, zero-hour purge and campaigns follow by themselves;
    without `learn` it is only told, as when no person looked at the mail.
    Raises NotFound, Forbidden.
    """
    group = _group(group_id)
    with audited(
        by=by,
        permission=Permission.EMAIL_ACTION_PROPOSE,
        verb="report.mark",
        target_type="report",
        target=group.network_message_id or group.key,
        before={"marked_as": group.marked_as},
        reason=note,
    ) as result:
        mails = mails_of(group)
        taught = mails if learn else []
        labelled = sum(correct(by=by, network_message_id=one, said=mark.said, note=note, now=now) for one in taught)
        with transaction.atomic():
            group.marked_as, group.marked_by, group.marked_at = mark.value, by.name, now
            group.note, group.answered = storable(note).strip()[:MOST_NOTE], mails
            record = email(group.network_message_id) if group.network_message_id else None
            if record is not None:
                tell_verdict(group, record, now=now)
            group.save()
            answered = _notified(group, mark, now=now) if notify else 0
        result["after"] = {"marked_as": mark.value, "mails": len(mails), "answers": answered}
    return labelled, answered


def _notified(group: ReportGroup, mark: Mark, *, now: datetime) -> int:
    policy = current()
    if not policy.answer_verdict:
        return 0
    reports = list(group.lines.order_by("id"))
    return answer_mark(reports, mark=mark, note=group.note, policy=policy, threats=group.threats, now=now)


def convert(*, by: Actor, group_id: int, said: Said, note: str = "", now: datetime) -> Submitted:
    """Hand the mails of a card in as submissions of one's own (SU-14). Raises NotFound, BadInput when no mail is known."""
    group = _group(group_id)
    mails = mails_of(group)
    if not mails:
        raise BadInput("the mail that was reported is not known here", place="group_id")
    return submit_mail(
        by=by, network_message_ids=mails, verdict=said, note=note, now=now, origin="User report", group_id=group.pk
    )


def mails_of(group: ReportGroup) -> list[str]:
    """The NetworkMessageIds of a card, oldest report first."""
    found = group.lines.exclude(network_message_id="").order_by("id").values_list("network_message_id", flat=True)
    return list(dict.fromkeys(found))


def rows_of(group: ReportGroup) -> Sequence[str]:
    """The card's mails in the reporters' mailboxes, as the action wizard takes them (`<NetworkMessageId>|<recipient>`)."""
    lines = group.lines.exclude(network_message_id="").order_by("id")
    return list(dict.fromkeys(f"{one.network_message_id}|{one.reporter}" for one in lines))


def _group(group_id: int) -> ReportGroup:
    found = ReportGroup.objects.filter(pk=group_id).first()
    if found is None:
        raise NotFound("there is no such report")
    return found
