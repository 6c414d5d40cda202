"""Mails to addresses, each handed over at most once: the intent is committed before a server hears of it.

A hand-over of which nobody knows the end (we were killed, or the line broke after the last byte) is looked for in the mailbox.
Where the server puts mail into mailboxes itself and the mail is not there, it was not delivered and is handed over again. Else
a person says: the line fails, and a retry, having looked once more, hands it over.

Many are looked for together and handed over one after another through one conversation, then looked for together again.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchfloor.connectors.contracts import Folder, Handover, Located, MailboxActions, ReleaseServer, Target
from watchfloor.connectors.selectors import raw_mail
from watchfloor.connectors.services import mark_released
from watchfloor.kernel.errors import NotFound, WatchfloorError
from watchfloor.response.models import Remediation
from watchfloor.response.quarantine.models import QuarantinedCopy, ReleaseHandover

LOOK_SECONDS = 5.0
LOOK_EVERY = 0.25
EACH_SECONDS = 0.1
"""So much longer is waited for each mail of many."""
INTENDED, ACCEPTED, REFUSED, DEFERRED, UNSURE = "intended", "accepted", "refused", "deferred", "unsure"
NOT_KEPT = "the raw mail is no longer kept"
NOBODY_KNOWS = (
    "nobody knows whether the mail server took it, and it is not in the mailbox: look there or in the server's queue, then "
    "retry, which hands it over again"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One copy for one address."""

    copy: QuarantinedCopy
    address: str

    @property
    def key(self) -> tuple[int, str]:
        return self.copy.pk, self.address

    @property
    def target(self) -> Target:
        return Target(self.address, self.copy.mail.internet_message_id)


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one hand-over: `why` is empty when it went well; `found` is the mail in the mailbox, None when it was not seen.

    `already` says that it lay there before we did anything.
    """

    why: str = ""
    found: Located | None = None
    already: bool = False
    words: str = ""


Results = dict[tuple[int, str], Handed]
Seen = Mapping[Target, Located | None]
"""Where mails lie, by their targets; None where a mailbox was read and has it not, no entry where nobody could look."""


@dataclass(slots=True)
class Hands:
    """Hands over the mails of one release. `mailboxes` is None where no connection may look into mailboxes.

    `trouble` is what ended the hand-overs early: the server has nothing of the mail at which it came, nor of those after it.
    """

    remediation: Remediation
    server: ReleaseServer
    mailboxes: MailboxActions | None
    clock: Callable[[], datetime]
    patience: float = field(default_factory=lambda: LOOK_SECONDS)
    trouble: WatchfloorError | None = None
    _known: dict[tuple[int, str], ReleaseHandover] = field(default_factory=dict)
    _pause: Callable[[float], None] = field(default=time.sleep, repr=False)

    def give(self, wanted: Sequence[Wanted]) -> Results:
        """Hand each copy to its address, unless it was; what is missing in the answer is for another time (see `trouble`)."""
        rows = ReleaseHandover.objects.filter(remediation=self.remediation, copy__in={one.copy.pk for one in wanted})
        self._known = {(row.copy_id, row.address): row for row in rows}
        seen = dict(self.look(wanted))
        seen |= self.wait([one for one in wanted if self._state(one) == INTENDED], seen)
        results: Results = {}
        given: list[Wanted] = []
        for one in wanted:
            if settled := self._settled(one, seen):
                results[one.key] = settled
                continue
            try:
                results[one.key] = self._hand_over(one)
            except NotFound:
                results[one.key] = Handed(why=NOT_KEPT)
            except WatchfloorError as error:
                self.trouble = error
                break
            else:
                given.append(one)
        return results | self._looked_after(given, results)

    def _state(self, one: Wanted) -> str:
        known = self._known.get(one.key)
        return known.state if known is not None else ""

    def _settled(self, one: Wanted, seen: Seen) -> Handed | None:
        """What became of it, where nothing is left to do for us."""
        known, found = self._known.get(one.key), seen.get(one.target)
        if known is not None and known.state == ACCEPTED:
            return Handed(found=found, words=known.words)
        if found is not None:
            begun = known is not None and known.state in {INTENDED, UNSURE}
            if known is not None:
                self._note(known, ACCEPTED, "found in the mailbox")
            return Handed(found=found, already=not begun)
        surely_not_there = self.server.into_mailbox and one.target in seen
        if known is not None and known.state == INTENDED and not surely_not_there:
            self._note(known, UNSURE, NOBODY_KNOWS)
            return Handed(why=NOBODY_KNOWS)
        return None

    def _hand_over(self, one: Wanted) -> Handed:
        raw = mark_released(raw_mail(one.copy.sha256), recipient=one.address, now=self.clock())
        new = ReleaseHandover(remediation=self.remediation, copy=one.copy, address=one.address)
        intent = self._known.setdefault(one.key, new)
        intent.attempts += 1
        self._note(intent, INTENDED, "")
        try:
            said = self.server.deliver(raw, mail_from=one.copy.mail.mail_from, to=one.address)
        except WatchfloorError as error:
            self._note(intent, DEFERRED, error.message)
            raise
        return self._said(intent, said)

    def _said(self, intent: ReleaseHandover, said: Handover) -> Handed:
        if said.accepted:
            self._note(intent, ACCEPTED, f"{self.server.name}: {said.answer}")
            return Handed(words=intent.words)
        if said.unsure:
            self._note(intent, UNSURE, NOBODY_KNOWS)
            return Handed(why=NOBODY_KNOWS)
        words = "; ".join({**said.refused, **said.deferred}.values()) or said.answer
        self._note(intent, REFUSED if said.refused else DEFERRED, words)
        return Handed(why=f"the mail server refused it: {words}")

    def _looked_after(self, given: Sequence[Wanted], results: Mapping[tuple[int, str], Handed]) -> Results:
        """Where those lie that the server took or may have taken."""
        taken = [one for one in given if self._state(one) in {ACCEPTED, UNSURE}]
        seen = self.wait(taken, self.look(taken))
        better: Results = {}
        for one in taken:
            if (found := seen.get(one.target)) is None:
                continue
            intent = self._known[one.key]
            if intent.state == UNSURE:
                self._note(intent, ACCEPTED, "the line broke, but it lies in the mailbox")
            better[one.key] = replace(results[one.key], why="", found=found, words=intent.words)
        return better

    def look(self, wanted: Iterable[Wanted]) -> Seen:
        """The mails in these mailboxes where their owners see them. Where one cannot be read, the others still are."""
        mailboxes = self.mailboxes
        asked = list(dict.fromkeys(one.target for one in wanted if self._can_look(one)))
        if mailboxes is None or not asked:
            return {}
        try:
            return _places(mailboxes, asked)
        except (WatchfloorError, ValueError):
            seen: dict[Target, Located | None] = {}
            for target in asked if len(asked) > 1 else ():
                with suppress(WatchfloorError, ValueError):
                    seen |= _places(mailboxes, [target])
            return seen

    def wait(self, wanted: Sequence[Wanted], seen: Seen) -> Seen:
        """The same with those that are not `seen` yet, looking for some seconds: a mail server needs a moment."""
        found = dict(seen)
        until = time.monotonic() + self.patience + EACH_SECONDS * len(wanted)
        while (missing := [one for one in wanted if self._can_look(one) and found.get(one.target) is None]) and (
            time.monotonic() < until
        ):
            self._pause(LOOK_EVERY)
            found |= self.look(missing)
        return found

    def _can_look(self, one: Wanted) -> bool:
        return bool(self.mailboxes and one.target.message_id and self.mailboxes.serves(one.address))

    def _note(self, handover: ReleaseHandover, state: str, words: str) -> None:
        """Committed at once: nothing of this may wait for the ledger."""
        handover.state, handover.words, handover.at = state, words[:2000], self.clock()
        handover.save()


def _places(mailboxes: MailboxActions, targets: Sequence[Target]) -> dict[Target, Located | None]:
    """Where each lies, None where it does not; without those whose mailbox could not be read to the end."""
    heard: dict[Target, list[Located]] = defaultdict(list)
    for target, copies in mailboxes.find(targets):
        heard[target] += copies
    places: dict[Target, Located | None] = {}
    for target, lying in heard.items():
        seen = next((one for one in lying if not one.why and one.folder is not Folder.RECOVERABLE), None)
        if seen is not None or not any(one.why for one in lying):
            places[target] = seen
    return places
