"""What a run of the wizard says of messages, and the values it blocks or allows (EA-20 to EA-22), in the name of who decided it.

Killed anywhere it goes on: a message that was said to be so already, and a value that has its entry, are left as they are.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.access.selectors import actor_of, person_of
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.services import add_entry, read_lasting
from watchfloor.kernel.errors import Conflict, WatchfloorError
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import LineStatus
from watchfloor.response.engine import Ledger, stop_asked
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.submissions.contracts import Said
from watchfloor.response.submissions.models import Submission
from watchfloor.response.submissions.services import submit_mail

BATCH = 200
Became = tuple[LineStatus, str]


def work_submissions(remediation: Remediation, *, clock: Callable[[], datetime], size: int = BATCH) -> int:
    """Say it of the messages of the next `size` pending lines; returns how many lines were settled."""
    lines = list(remediation.lines.filter(status=LineStatus.PENDING.value).order_by("id")[:size])
    if not lines or stop_asked(remediation):
        return 0
    by, ledger = decider_of(remediation), Ledger(remediation, action_of(remediation.action), clock)
    mails: dict[str, list[LedgerLine]] = defaultdict(list)
    for line in lines:
        mails[line.network_message_id].append(line)
    for message, some in mails.items():
        ledger.put(some, *_say(remediation, message, by, clock()))
    ledger.write()
    return ledger.settled


def decider_of(remediation: Remediation) -> Actor:
    """Who decided it, with the rights they have now; nobody's when they are gone."""
    nobody = Actor(remediation.decided_by, remediation.decided_by_name, frozenset())
    person = person_of(nobody)
    return actor_of(person) if person is not None and person.is_active else nobody


def _say(remediation: Remediation, message: str, by: Actor, now: datetime) -> Became:
    said, note = Said(remediation.judgement), remediation.note or remediation.reason
    mine = Submission.objects.filter(network_message_id=message, by_id=by.id, said=said, at__gte=remediation.created_at)
    if mine.exists():
        return LineStatus.CHANGED, ""  # said for another mailbox, or before we were cut off
    try:
        done = submit_mail(by=by, network_message_ids=(message,), verdict=said, note=note, now=now)
    except WatchfloorError as error:
        return LineStatus.FAILED, error.message
    why = "; ".join(reason for _, reason in done.refused)
    if not done.ids:
        return LineStatus.FAILED, why or "it was not taken"
    return LineStatus.CHANGED, why


def carry_out_entries(remediation: Remediation, *, effect: Effect, now: datetime) -> int:
    """Make the entries of this effect that were wished for; what became of each is kept beside it. Returns how many are new.

    Blocks come before anything else, so that no further copy gets in; allows come last, as they need the message to have been
    said to be clean.
    """
    wished = [entry for entry in remediation.entries if entry["effect"] == effect.value and not entry.get("became")]
    if not wished:
        return 0
    by = decider_of(remediation)
    emails = list(remediation.lines.values_list("network_message_id", flat=True)[:1]) if remediation.lines else []
    made = sum(_enter(entry, by, remediation, emails, now) for entry in wished)
    remediation.save(update_fields=["entries"])
    return made


def _enter(entry: dict[str, Any], by: Actor, remediation: Remediation, emails: Sequence[str], now: datetime) -> bool:
    email = emails[0] if emails else (remediation.targets.rows[0].network_message_id if remediation.rows else "")
    try:
        add_entry(
            by=by,
            kind=Kind(entry["kind"]),
            effect=Effect(entry["effect"]),
            value=entry["value"],
            life=read_lasting(entry["life"]) if entry.get("life") else None,
            note=remediation.note or remediation.reason,
            source=remediation.name,
            email=email,
            now=now,
        )
    except Conflict:
        entry["became"] = "There is one already"
        return False
    except (WatchfloorError, ValueError) as error:
        entry["became"] = f"Not made: {getattr(error, 'message', error)}"
        return False
    entry["became"] = "Made"
    return True
