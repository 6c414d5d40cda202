"""Quarantine: out of the mailbox and into what we hold, to be released with folder, flags and date."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from watchfloor.connectors.contracts import ActionOutcome, Fetched, Folder, Located, MailboxActions, Target
from watchfloor.connectors.services import keep_raw
from watchfloor.response.action import REACHABLE, MailAction, Work
from watchfloor.response.quarantine.holding import hold_from_mailboxes

if TYPE_CHECKING:
    from watchfloor.response.models import LedgerLine, Remediation

AT_ONCE = 20
"""Mailboxes whose mail is read and made durable together: their bytes are in memory meanwhile."""
Copies = tuple[Located, ...]


class Quarantine(MailAction):
    """Every copy is read, made durable, noted, and only then erased; what could not be read is not touched."""

    key = "quarantine"
    label = "Quarantine"
    description = (
        "Takes the message out of each mailbox and holds it in quarantine, where people see it as the border policy lets them. "
        "Release or undo puts it back into the same folder, with its flags and date."
    )
    icon = "shield-lock"
    destination = Folder.QUARANTINE
    fits: ClassVar[frozenset[Folder]] = REACHABLE
    event_action = "Quarantined"
    keeps = True
    undone_by = "release"
    order = 15

    def find(self, mailboxes: MailboxActions, targets: Sequence[Target]) -> Iterator[tuple[Target, Copies]]:
        found = iter(mailboxes.find(targets))
        while group := list(islice(found, AT_ONCE)):
            real = [(target, copies) for target, copies in group if copies and not any(copy.why for copy in copies)]
            asked = {target for target, _ in real}
            yield from (one for one in group if one[0] not in asked)
            for target, fetched in mailboxes.fetch(real) if real else ():
                asked.discard(target)
                yield target, _kept(fetched)
            yield from ((target, _unread(target)) for target in asked)

    def act(self, mailboxes: MailboxActions, works: Sequence[Work]) -> Iterator[tuple[Target, ActionOutcome]]:
        for work in works:
            if why := next((copy.why for copy in work.found if copy.why), ""):
                yield from ((work.target, ActionOutcome(work.target.mailbox, "failed", why=why)) for _ in work.found)
        whole = [work for work in works if not any(copy.why for copy in work.found)]
        for target, outcome in mailboxes.erase([(work.target, work.found) for work in whole]):
            yield target, _held(outcome)

    def settled(self, remediation: "Remediation", lines: Sequence["LedgerLine"]) -> None:
        hold_from_mailboxes(remediation, lines)


def _kept(fetched: Sequence[Fetched]) -> Copies:
    """The copies with the hashes of their bytes, which are on disk by now; one that was not read says why."""
    read = [one for one in fetched if not one.why]
    hashes = dict(zip((id(one) for one in read), keep_raw([one.raw for one in read]) if read else [], strict=True))
    return tuple(replace(one.copy, kept=hashes.get(id(one), ""), why=one.why) for one in fetched)


def _unread(target: Target) -> Copies:
    why = "the mail system gave no answer for this mailbox; retry"
    return (Located(target.mailbox, "", 0, 0, target.message_id, why=why),)


def _held(outcome: ActionOutcome) -> ActionOutcome:
    """An erased copy lies in quarantine now."""
    if outcome.status != "deleted" or outcome.before is None:
        return outcome
    where = replace(outcome.before, path=Folder.QUARANTINE.value, uid=0, uidvalidity=0, folder=Folder.QUARANTINE)
    return replace(outcome, status="moved", after=where)
