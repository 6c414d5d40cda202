"""Verbs of an analyst's submission (SU-02..06): mails, URLs and files, judged here and at once; nothing leaves the house."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.selectors import tenant_facts
from watchfloor.intelligence.services import add_entry, label_verdict
from watchfloor.kernel.errors import BadInput, Conflict, NotFound
from watchfloor.lake import selectors as lake
from watchfloor.lake import services as lake_services
from watchfloor.lake.contracts import EmailRecord
from watchfloor.response.submissions import lake_rows
from watchfloor.response.submissions.checks import outcome_of, plain
from watchfloor.response.submissions.contracts import AlsoEntry, Outcome, Said, Submitted, Wish
from watchfloor.response.submissions.models import DisputePicture, Submission
from watchfloor.response.submissions.pictures import kind_of
from watchfloor.response.submissions.texts import storable

audit_verb("submission.make", "{actor} submitted {target} for a verdict")
audit_verb("submission.dispute", "{actor} disputed the result of the submission {target}")

MOST_MAILS = 1000
MOST_NOTE = 2000


@dataclass(slots=True)
class _Done:
    """What came together so far."""

    ids: list[int] = field(default_factory=list)
    labelled: int = 0
    entries: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def as_contract(self) -> Submitted:
        return Submitted(tuple(self.ids), self.labelled, tuple(self.entries), tuple(self.refused))


def submit_mail(
    *,
    by: Actor,
    network_message_ids: Sequence[str],
    verdict: Said,
    note: str = "",
    block: Sequence[Wish] = (),
    allow: Sequence[Wish] = (),
    entry: AlsoEntry | None = None,
    now: datetime,
    origin: str = "Admin",
    group_id: int | None = None,
) -> Submitted:
    """Hand in mails with what `by` says they are (EA-20..22), judge them at once, and make the entries that go with it.

    A confirmed word is kept as the label of each mail and flows on as a late verdict. `block` and `allow` are added once
    each; an allow entry belongs to the first mail and needs `verdict` CLEAN; `entry` is about the first mail's sender. What one mail or one entry is refused for stands
    in `refused`, the others are done. Raises Forbidden, BadInput when there is no mail or too many.
    """
    wanted = list(dict.fromkeys(one.strip().lower() for one in network_message_ids if one.strip()))
    if not wanted:
        raise BadInput("choose at least one email", place="network_message_ids")
    if len(wanted) > MOST_MAILS:
        raise BadInput(f"{MOST_MAILS:,} emails at once at most", place="network_message_ids")
    if entry is not None and (wish := _wish_of(wanted[0], entry)):
        block, allow = ([*block, wish], allow) if entry.effect is Effect.BLOCK else (block, [*allow, wish])
    refuse_allow(bool(allow), verdict)
    if block or allow:
        authorise(by, Permission.DETECTION_TUNE)
    done = _Done()
    with audited(
        by=by,
        permission=Permission.EMAIL_ACTION_PROPOSE,
        verb="submission.make",
        target_type="email",
        target=wanted[0] if len(wanted) == 1 else f"{len(wanted):,} emails",
        reason=note,
    ) as result:
        for one in wanted:
            _one_mail(done, one, by=by, said=verdict, note=note, now=now, origin=origin, group_id=group_id)
        _make_entries(done, block, Effect.BLOCK, by=by, note=note, email=wanted[0], now=now)
        _make_entries(done, allow, Effect.ALLOW, by=by, note=note, email=wanted[0], now=now)
        Submission.objects.filter(pk__in=done.ids).update(entries=done.entries)
        result["after"] = {"said": verdict.value, "mails": len(done.ids), "entries": done.entries}
    return done.as_contract()


def refuse_allow(allows: bool, said: Said) -> None:
    """Raise BadInput where something would be allowed that nobody confirms as clean."""
    if allows and said is not Said.CLEAN:
        raise BadInput("an allow entry goes with what is confirmed clean", place="entry")


def _wish_of(network_message_id: str, entry: AlsoEntry) -> Wish | None:
    record = lake.email(network_message_id)
    if record is None:
        return None  # told as refused with the mail itself
    sender = str(record.rows[0].get("SenderFromAddress") or "") if record.rows else ""
    if not sender:
        raise BadInput("there is no sender an entry could be about", place="entry")
    if entry.about == "domain":
        return Wish(Kind.DOMAIN, sender.rpartition("@")[2], entry.life)
    return Wish(Kind.SENDER, sender, entry.life)


def _one_mail(
    done: _Done, id: str, *, by: Actor, said: Said, note: str, now: datetime, origin: str, group_id: int | None
) -> None:
    record = lake.email(id)
    if record is None:
        done.refused.append((id, "there is no such email"))
        return
    outcome = judged(record)  # before the label, or it would only repeat what the person said
    done.labelled += correct(by=by, network_message_id=record.network_message_id, said=said, note=note, now=now)
    row = _row(record, outcome, by=by, said=said, note=note, now=now)
    row.origin, row.group_id = origin, group_id
    row.save()
    lake_services.append("CloudAppEvents", [lake_rows.of_submission(row)])
    done.ids.append(row.pk)


def correct(*, by: Actor, network_message_id: str, said: Said, note: str, now: datetime) -> bool:
    """Keep what the person says as the mail's label; False when its newest label says so already."""
    kind = said.label_kind
    if kind is None:
        return False
    try:
        label_verdict(by=by, network_message_id=network_message_id, kind=kind, note=note.strip(), now=now)
    except BadInput:  # somebody said so before: nothing to correct
        return False
    return True


def judged(record: EmailRecord) -> Outcome:
    """What is known of the mail now, by our own lists and our own inspection."""
    late = lake.late_verdicts_of(record.network_message_id)
    return outcome_of(record, late=late, facts=tenant_facts())


def _row(record: EmailRecord, outcome: Outcome, *, by: Actor, said: Said, note: str, now: datetime) -> Submission:
    first = record.rows[0] if record.rows else {}
    recipients = [str(one["RecipientEmailAddress"]) for one in record.rows]
    more = f" and {len(recipients) - 1} more" if len(recipients) > 1 else ""
    row = Submission(
        kind="mail",
        value=record.network_message_id,
        network_message_id=record.network_message_id,
        name=storable(record.summary.get("subject"))[:1000],
        sender=storable(first.get("SenderFromAddress"))[:400],
        recipient=((recipients[0] + more) if recipients else "")[:400],
        sha256=record.sha256,
        at=now,
        by=by.name,
        by_id=by.id,
        said=said.value,
        note=storable(note).strip()[:MOST_NOTE],
    )
    fill(row, outcome, now=now)
    return row


def fill(row: Submission, outcome: Outcome, *, now: datetime) -> None:
    """Write an outcome into a submission."""
    row.result, row.explanation = outcome.result, storable(outcome.explanation)
    row.threats, row.checks, row.judged_at = list(outcome.threats), _storable(plain(outcome.checks)), now


def _storable(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        one | {"words": storable(one["words"]), "details": [storable(detail) for detail in one["details"]]}
        for one in checks
    ]


def _make_entries(
    done: _Done, wishes: Iterable[Wish], effect: Effect, *, by: Actor, note: str, email: str, now: datetime
) -> None:
    for wish in wishes:
        try:
            name = add_entry(
                by=by,
                kind=wish.kind,
                effect=effect,
                value=wish.value,
                life=wish.life,
                note=note,
                source="Submission",
                email=email if effect is Effect.ALLOW else "",
                now=now,
            )
        except (BadInput, Conflict) as error:
            done.refused.append((f"{effect} {wish.kind}:{wish.value}", error.message))
        else:
            done.entries.append(name)


def dispute(*, by: Actor, submission_id: int, what: str, text: str, picture: bytes = b"", now: datetime) -> Submission:
    """Say that a result is wrong (SU-06), and judge the thing again with what is known now. Raises NotFound, BadInput.

    `picture` are the bytes of one that shows it.
    """
    row = Submission.objects.filter(pk=submission_id).first()
    if row is None:
        raise NotFound("there is no such submission")
    text = storable(text).strip()[:MOST_NOTE]
    if what not in DISPUTED or not text:
        raise BadInput("say which part is wrong, and why", place="text")
    kind = kind_of(picture) if picture else ""
    with audited(
        by=by,
        permission=Permission.EMAIL_ACTION_PROPOSE,
        verb="submission.dispute",
        target_type="submission",
        target=str(row.pk),
        before={"result": row.result},
        reason=text,
    ) as result:
        row.before_dispute = row.result
        again(row, now=now)
        row.disputed_at, row.disputed_by, row.dispute = now, by.name, what
        row.dispute_text = text
        row.save()
        DisputePicture.objects.filter(submission=row).delete()
        if picture:
            DisputePicture.objects.create(submission=row, kind=kind, content=picture)
        result["after"] = {"result": row.result}
    return row


DISPUTED = ("Result", "Reason", "Recommended steps")


def again(row: Submission, *, now: datetime) -> None:
    """Judge a submission with today's entries, indicators and later verdicts; not saved."""
    from watchfloor.response.submissions.other_kinds import file_outcome, url_outcome

    if row.kind == "mail":
        record = lake.email(row.network_message_id) if row.network_message_id else None
        if record is not None:
            outcome = judged(record)
            fill(row, replace(outcome, explanation=outcome.explanation), now=now)
    elif row.kind == "url":
        fill(row, url_outcome(row.value, now=now), now=now)
    else:
        fill(row, file_outcome(row.sha256, name=row.name, now=now), now=now)
