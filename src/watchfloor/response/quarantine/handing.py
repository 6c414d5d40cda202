"""One mail to one address, handed over at most once: the intent is committed before a server hears of it.

A hand-over of which nobody knows the end (we were killed, or the line broke after the last byte) is looked for in the mailbox.
Where the server puts mail into mailboxes itself and the mail is not there, it was not delivered and is handed over again. Else
a person says: the line fails, and a retry, having looked once more, hands it over.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from watchfloor.connectors.contracts import Folder, Handover, Located, MailboxActions, ReleaseServer, Target
from watchfloor.connectors.selectors import raw_mail
from watchfloor.connectors.services import mark_released
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.models import Remediation
from watchfloor.response.quarantine.models import QuarantinedCopy, ReleaseHandover

LOOK_SECONDS = 5.0
LOOK_EVERY = 0.25
INTENDED, ACCEPTED, REFUSED, DEFERRED, UNSURE = "intended", "accepted", "refused", "deferred", "unsure"
NOBODY_KNOWS = (
    "nobody knows whether the mail server took it, and it is not in the mailbox: look there or in the server's queue, then "
    "retry, which hands it over again"
)


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one hand-over: `why` is empty when it went well; `found` is the mail in the mailbox, None when it was not seen.

    `already` says that it lay there before we did anything.
    """

    why: str = ""
    found: Located | None = None
    already: bool = False
    words: str = ""


@dataclass(slots=True)
class Hands:
    """Hands over the mails of one release. `mailboxes` is None where no connection may look into mailboxes."""

    remediation: Remediation
    server: ReleaseServer
    mailboxes: MailboxActions | None
    clock: Callable[[], datetime]
    patience: float = field(default_factory=lambda: LOOK_SECONDS)
    _pause: Callable[[float], None] = field(default=time.sleep, repr=False)

    def give(self, copy: QuarantinedCopy, address: str) -> Handed:
        """Hand this copy to that address, unless it was. Raises Unreachable or NotConfigured when the server has nothing of it."""
        known = ReleaseHandover.objects.filter(remediation=self.remediation, copy=copy, address=address).first()
        if known is not None and known.state == ACCEPTED:
            return Handed(found=self.look(copy, address), words=known.words)
        doubtful = known is not None and known.state == INTENDED
        if found := self.wait(copy, address) if doubtful else self.look(copy, address):
            begun = known is not None and known.state in {INTENDED, UNSURE}
            if known is not None:
                self._note(known, ACCEPTED, "found in the mailbox")
            return Handed(found=found, already=not begun)
        if known is not None and doubtful and not self._surely_not_there(copy, address):
            self._note(known, UNSURE, NOBODY_KNOWS)
            return Handed(why=NOBODY_KNOWS)
        return self._hand_over(copy, address, known)

    def _hand_over(self, copy: QuarantinedCopy, address: str, known: ReleaseHandover | None) -> Handed:
        raw = mark_released(raw_mail(copy.sha256), recipient=address, now=self.clock())
        intent = known or ReleaseHandover(remediation=self.remediation, copy=copy, address=address)
        intent.attempts += 1
        self._note(intent, INTENDED, "")
        try:
            said = self.server.deliver(raw, mail_from=copy.mail.mail_from, to=address)
        except WatchfloorError as error:
            self._note(intent, DEFERRED, error.message)
            raise
        return self._said(intent, copy, address, said)

    def _said(self, intent: ReleaseHandover, copy: QuarantinedCopy, address: str, said: Handover) -> Handed:
        if said.accepted:
            self._note(intent, ACCEPTED, f"{self.server.name}: {said.answer}")
            return Handed(found=self.wait(copy, address), words=intent.words)
        if said.unsure:
            if found := self.wait(copy, address):
                self._note(intent, ACCEPTED, "the line broke, but it lies in the mailbox")
                return Handed(found=found, words=intent.words)
            self._note(intent, UNSURE, NOBODY_KNOWS)
            return Handed(why=NOBODY_KNOWS)
        words = "; ".join({**said.refused, **said.deferred}.values()) or said.answer
        self._note(intent, REFUSED if said.refused else DEFERRED, words)
        return Handed(why=f"the mail server refused it: {words}")

    def look(self, copy: QuarantinedCopy, address: str) -> Located | None:
        """The mail in that mailbox where its owner sees it; None when it is not there or nobody can look."""
        message_id = copy.mail.internet_message_id
        if self.mailboxes is None or not message_id or not self.mailboxes.serves(address):
            return None
        try:
            ((_, copies),) = list(self.mailboxes.find([Target(address, message_id)]))
        except (WatchfloorError, ValueError):
            return None
        seen = (one for one in copies if not one.why and one.folder is not Folder.RECOVERABLE)
        return next(seen, None)

    def wait(self, copy: QuarantinedCopy, address: str) -> Located | None:
        """The same, looking for some seconds: a mail server needs a moment."""
        if not self._can_look(copy, address):
            return None
        until = time.monotonic() + self.patience
        while (found := self.look(copy, address)) is None and time.monotonic() < until:
            self._pause(LOOK_EVERY)
        return found

    def _can_look(self, copy: QuarantinedCopy, address: str) -> bool:
        return bool(self.mailboxes and copy.mail.internet_message_id and self.mailboxes.serves(address))

    def _surely_not_there(self, copy: QuarantinedCopy, address: str) -> bool:
        """Whether not being seen means not being delivered: the server keeps no queue, and the mailbox does answer."""
        if not self.server.into_mailbox or not self._can_look(copy, address) or self.mailboxes is None:
            return False
        try:
            ((_, copies),) = list(self.mailboxes.find([Target(address, copy.mail.internet_message_id)]))
        except (WatchfloorError, ValueError):
            return False
        return not any(one.why for one in copies)

    def _note(self, handover: ReleaseHandover, state: str, words: str) -> None:
        """Committed at once: nothing of this may wait for the ledger."""
        handover.state, handover.words, handover.at = state, words[:2000], self.clock()
        handover.save()
