"""A mail handed in as a file: known ones are recognised, unknown ones taken in and judged by the worker within seconds."""

from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audited
from watchfloor.connectors.selectors import accepted_after
from watchfloor.connectors.services import accept, checked_addresses
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import services as lake_services
from watchfloor.lake.selectors import email, emails_known_as
from watchfloor.response.submissions import lake_rows
from watchfloor.response.submissions.apart import read_apart
from watchfloor.response.submissions.contracts import AlsoEntry, Said, Submitted
from watchfloor.response.submissions.matching import match
from watchfloor.response.submissions.models import Submission
from watchfloor.response.submissions.submitting import MOST_NOTE, correct, fill, judged, submit_mail
from watchfloor.response.submissions.texts import storable

LARGEST = 32 << 20
SOURCE = "submission"


def submit_upload(
    *,
    by: Actor,
    content: bytes,
    recipient: str = "",
    verdict: Said,
    note: str = "",
    entry: AlsoEntry | None = None,
    now: datetime,
) -> Submitted:
    """Hand in an .eml, or Outlook's own .msg, which is read into the mail it was. Raises BadInput for what is no mail."""
    if not content.strip() or len(content) > LARGEST:
        raise BadInput(f"choose an .eml or .msg of at most {LARGEST >> 20} MB", place="file")
    to = list(checked_addresses([recipient])) if recipient.strip() else []
    reading = read_apart(content, what="mail")
    if reading.trouble or not reading.originals:
        raise BadInput(f"the file could not be read: {reading.trouble}", place="file")
    original = reading.originals[0]
    if not (original.sender or original.internet_message_id or original.subject):
        raise BadInput("the file is no mail: it has no From, no Subject and no Message-ID", place="file")
    known, _ = match(original, reporter=recipient, at=now)
    if known:
        return submit_mail(
            by=by, network_message_ids=[known], verdict=verdict, note=note, entry=entry, now=now, origin="Upload"
        )
    if entry is not None:
        raise BadInput("this mail is not known here yet: submit it, and add the entry from its page", place="entry")
    with audited(
        by=by,
        permission=Permission.EMAIL_ACTION_PROPOSE,
        verb="submission.make",
        target_type="email",
        target=original.sha256,
        reason=note,
    ) as result:
        facts = {"submitted": True, "form": original.form}
        taken = accept(original.raw or content, source=SOURCE, received_at=now, recipients=to, facts=facts)
        row = Submission(
            kind="mail",
            value=original.sha256,
            sha256=original.sha256,
            name=storable(original.subject)[:1000],
            sender=storable(original.sender)[:400],
            recipient=recipient[:400],
            taken=taken.position,
            at=now,
            by=by.name,
            by_id=by.id,
            origin="Upload",
            said=verdict.value,
            note=note.strip()[:MOST_NOTE],
        )
        row.save()
        result["after"] = {"position": taken.position}
    return Submitted((row.pk,))


def finish_uploads(*, ready: int, now: datetime) -> int:
    """Fill in what uploads turned out to be, once the intake has passed them; returns how many."""
    waiting = list(Submission.objects.filter(judged_at=None, taken__lte=ready).order_by("pk")[:20])
    return sum(_finished(row, now=now) for row in waiting)


def _finished(row: Submission, *, now: datetime) -> bool:
    taken = accepted_after((row.taken or 1) - 1, limit=1)
    known = emails_known_as(sha256=taken[0].sha256 if taken else row.sha256)
    record = email(known[0].network_message_id) if known else None
    if record is None:
        row.result, row.judged_at = "Could not be inspected", now
        row.explanation = "See the dead letters for the reason."
    else:
        row.network_message_id = row.value = record.network_message_id
        fill(row, judged(record), now=now)
        by = Actor(row.by_id, row.by, frozenset({Permission.EMAIL_ACTION_PROPOSE}))
        correct(by=by, network_message_id=record.network_message_id, said=Said(row.said), note=row.note, now=now)
    row.save()
    lake_services.append("CloudAppEvents", [lake_rows.of_submission(row)])
    return True
