"""Mails that tell recipients what is newly held for them: every 4 hours, daily or weekly (QU-32).

Copies are marked as told in the transaction that puts the mail into the outbox, so a kill tells nobody twice and forgets nobody.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.services import can_send, send_mail
from watchfloor.identities.selectors import ours_among
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import visible
from watchfloor.response.quarantine.contracts import CopyStatus, HeldReason, threat_behind
from watchfloor.response.quarantine.links import address_for, digest_settings
from watchfloor.response.quarantine.logo import as_html, inline_logo, prepared
from watchfloor.response.quarantine.models import QuarantinedCopy
from watchfloor.response.quarantine.own_words import languages, reason_in, words_of
from watchfloor.response.quarantine.page_models import DigestSettings, MailboxSender
from watchfloor.response.quarantine.policies import border_policy
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

audit_verb("quarantine.digest", "{actor} changed how recipients are told of quarantined mail")
audit_verb("quarantine.end_links", "{actor} ended all links to the quarantine's self-service page")

EVERY: Mapping[str, str] = {"never": "Never", "4h": "Every 4 hours", "daily": "Every day", "weekly": "Every Monday"}
MORNING = time(7)
READER = "response.quarantine_digest"
"""Its position is the last moment at which digests were due and sent, in seconds since 1970."""
MOST_TOLD = 20
PEOPLE_AT_ONCE, ASKED_AT_ONCE = 200, 1_000
LONGEST_LINK, LONGEST_INTRODUCTION = 60, 1_000


def change_digest(
    *,
    by: Actor,
    every: str,
    language: str,
    introduction: str,
    with_blocked: bool,
    link_days: int,
    logo: bytes | None = None,
    at: datetime,
) -> DigestSettings:
    """How recipients are told. `logo` is a picture as it was uploaded, empty for none, None to leave it.

    Raises BadInput naming the field, Forbidden.
    """
    with audited(
        by=by, permission=Permission.QUARANTINE_MANAGE, verb="quarantine.digest", target_type="setting", target="digest"
    ) as result:
        if every not in EVERY or language not in languages():
            raise BadInput("choose one of the list", place="every" if every not in EVERY else "language")
        if not 1 <= link_days <= LONGEST_LINK:
            raise BadInput(f"links work for 1 to {LONGEST_LINK} days", place="link_days")
        row = digest_settings()
        row.every, row.language, row.with_blocked, row.link_days = every, language, with_blocked, link_days
        if logo is not None:
            row.logo = prepared(logo) if logo else None
        row.introduction = introduction.replace("\x00", "").strip()[:LONGEST_INTRODUCTION]
        row.changed_at, row.changed_by = at, by.name
        row.save()
        result["after"] = {"every": every, "language": language, "blocked senders": with_blocked, "days": link_days}
        if logo is not None:
            result["after"]["logo"] = "changed" if logo else "none"
    return row


def end_links(*, by: Actor, at: datetime) -> None:
    """Let no link that was sent until now work any more."""
    with audited(
        by=by,
        permission=Permission.QUARANTINE_MANAGE,
        verb="quarantine.end_links",
        target_type="setting",
        target="links",
    ) as result:
        row = digest_settings()
        row.links, row.changed_at, row.changed_by = row.links + 1, at, by.name
        row.save()
        result["after"] = {"key": row.links}


def due_since(every: str, *, now: datetime) -> datetime | None:
    """The last moment at which a digest of this frequency was due: full 4 hours, 7 in the morning, Monday at 7 (local time)."""
    local = timezone.localtime(now)
    if every == "4h":
        return local.replace(hour=local.hour // 4 * 4, minute=0, second=0, microsecond=0)
    morning = local.replace(hour=MORNING.hour, minute=0, second=0, microsecond=0)
    if every == "daily":
        return morning if morning <= local else morning - timedelta(days=1)
    if every == "weekly":
        monday = morning - timedelta(days=local.weekday())
        return monday if monday <= local else monday - timedelta(days=7)
    return None


def send_digests(*, now: datetime) -> int:
    """Send what is due since the last time; returns how many mails went to the outbox. Call it often."""
    said = digest_settings()
    due = due_since(said.every, now=now)
    if due is None or cursor_position(READER) >= int(due.timestamp()) or not can_send():
        return 0
    people = _people(said, now=now)
    for recipient, copies in people:
        _tell(recipient, copies, said, due=due, now=now)
    if len(people) < PEOPLE_AT_ONCE:
        move_cursor(READER, position=int(due.timestamp()))
    return len(people)


def _people(said: DigestSettings, *, now: datetime) -> list[tuple[str, list[QuarantinedCopy]]]:
    """The next recipients with what they were not told of, newest first."""
    told = border_policy().told()
    by_threat = Q(mail__threat__in=[threat.value for threat in told])
    reasons = [reason.value for reason in HeldReason if threat_behind(reason) in told]
    by_reason = Q(mail__threat="", mail__reason__in=reasons)
    fresh = QuarantinedCopy.objects.filter(
        by_threat | by_reason, notified_at=None, status=CopyStatus.NEEDS_REVIEW.value, expires_at__gt=now
    )
    names = _first_of_ours(fresh)
    copies = fresh.filter(recipient__in=names).select_related("mail").order_by("recipient", "-held_at")
    return [(name, list(own)) for name, own in groupby(copies, key=lambda copy: copy.recipient)]


def _first_of_ours(fresh: "QuerySet[QuarantinedCopy]") -> list[str]:
    """The next recipients who are ours: what our people wrote to others is held for them too, but not theirs to let out."""
    every = fresh.order_by("recipient").values_list("recipient", flat=True).distinct()
    found: list[str] = []
    last = ""
    while len(found) < PEOPLE_AT_ONCE and (some := list(every.filter(recipient__gt=last)[:ASKED_AT_ONCE])):
        ours = ours_among(some, if_unset=True)
        found += [one for one in some if one in ours]
        last = some[-1]
    return found[:PEOPLE_AT_ONCE]


def _tell(
    recipient: str, copies: Sequence[QuarantinedCopy], said: DigestSettings, *, due: datetime, now: datetime
) -> None:
    blocked = set() if said.with_blocked else _blocked_by(recipient)
    told = [copy for copy in copies if copy.mail.sender.lower() not in blocked]
    with transaction.atomic():
        QuarantinedCopy.objects.filter(pk__in=[copy.pk for copy in copies]).update(notified_at=now)
        if told and recipient.count("@") == 1:
            subject, text = digest_mail(recipient, told, said)
            logo = [inline_logo(said.logo)] if said.logo else []
            try:
                send_mail(
                    to=[recipient],
                    subject=subject,
                    text=text,
                    html=as_html(text) if logo else "",
                    attachments=logo,
                    dedup_key=f"quarantine-digest-{due:%Y%m%d%H%M}-{recipient}"[:200],
                    now=now,
                )
            except BadInput:
                return  # no mail can be addressed to it; its copies stay for the team


def _blocked_by(recipient: str) -> set[str]:
    return set(MailboxSender.objects.filter(recipient=recipient, blocked=True).values_list("sender", flat=True))


def digest_mail(recipient: str, copies: Sequence[QuarantinedCopy], said: DigestSettings) -> tuple[str, str]:
    """Subject and plain text: nothing of a hostile mail can look like a part of ours, and no link of it works.

    HTML is made of it only to show a logo, and shows the same words.
    """
    words = words_of(said.language)
    subject = words["digest_subject_one"] if len(copies) == 1 else words["digest_subject"].format(count=len(copies))
    lines = [said.introduction, ""] if said.introduction else []
    lines += [words["digest_lead"].format(recipient=recipient), ""]
    for copy in copies[:MOST_TOLD]:
        lines += [*_lines(copy, said.language), ""]
    if len(copies) > MOST_TOLD:
        lines += [words["digest_more"].format(count=len(copies) - MOST_TOLD), ""]
    lines += [words["digest_link"], address_for(recipient, said=said), ""]
    lines += [words["digest_link_note"].format(days=said.link_days), ""]
    return subject, "\n".join(lines)


def _lines(copy: QuarantinedCopy, language: str) -> list[str]:
    words, mail = words_of(language), copy.mail
    at = timezone.localtime(mail.received_at)
    until = timezone.localtime(copy.expires_at)
    return [
        f"{words['subject']}: {unlinked(mail.subject)[:150] or words['no_subject']}",
        f"{words['from']}: {unlinked(mail.sender or mail.mail_from)[:150]}",
        f"{words['received']}: {at:%Y-%m-%d %H:%M}  {words['reason']}: {reason_in(language, mail.reason)}  "
        f"{words['expires']}: {until:%Y-%m-%d}",
    ]


def unlinked(text: str) -> str:
    """A stranger's words in which no mail program finds a link or an address."""
    return re.sub(r"(?<=\w)\.(?=\w)", "[.]", visible(text).replace("://", "[:]//").replace("@", "[at]"))
