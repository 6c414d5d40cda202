"""One batch of a remediation: find, note, act, verify, write down.

Why a kill -9 at any moment leaves a true ledger and each event once:

1. *find* changes nothing. Cut off, it runs again.
2. *note* commits every copy's folder, uid, flags and date to `before` ahead of any change. It is the intent: from here on the
   ledger knows where the message lay, whatever happens to us. A line that has a `before` never gets another one.
3. *act* changes the mailbox, and the connector looks again (verify). Killed here, the mailbox is changed and the line still
   pending, so the next run finds the message already in its destination, or gone. Its `before` says it lay elsewhere, so it was
   this remediation that moved it: the line says moved (or deleted), not “already” or “missing”.
4. *write* puts status, counters and the EmailPostDeliveryEvents rows into ONE transaction. Killed before the commit, none of them
   stands and 3 applies; after it, the line is no longer pending and nobody touches it again. So an event is written once.

For one message the order is always this; for different mailboxes the steps overlap: while some are acted on, the next are
looked for, and the results of the last are written.

The batch asks for its lines by status, not by number, so running it again needs no memory of its own.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import cycle

from django.db import transaction
from django.db.models import F

from watchfloor.connectors.contracts import ActionOutcome, Folder, Located, MailboxActions, Target
from watchfloor.lake import services as lake
from watchfloor.response.action import MailAction, Work
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import DONE, LineStatus, RemediationStatus, Row
from watchfloor.response.events import events_of
from watchfloor.response.freezing import freeze, in_chunks
from watchfloor.response.heap import settled_heap
from watchfloor.response.lanes import Lanes
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.pending import in_order, next_lines
from watchfloor.response.places import as_json, from_json, joined, paths_in, paths_of, was_opened
from watchfloor.response.storing import save_lines

BATCH = 10_000
"""Lines per batch. Large: at the end of each the mail system idles until the next is read and its first copies are found."""
GROUP = 100
"""Mailboxes noted in one commit and then acted on: few enough that acting begins early."""
MOST_IN_GROUP = 1000
"""So many copies at most, then a group ends with the mailbox it is at."""
WRITE_EVERY = 1000
WRITE_SECONDS = 1.0
LISTEN_SECONDS = 0.5
SAME_WITHIN = timedelta(hours=1)
RESULT_FIELDS = ["status", "found_where", "moved_where", "verified", "why", "at"]
NOTED_FIELDS = ["before", "opened"]
CHANGED = frozenset({LineStatus.MOVED, LineStatus.DELETED})
Clock = Callable[[], datetime]
Found = tuple[Target, tuple[Located, ...]]


def work_batch(remediation: Remediation, *, mailboxes: MailboxActions, clock: Clock, size: int = BATCH) -> int:
    """Do the next `size` pending lines; returns how many were settled (0: nothing left, or somebody asked to stop).

    Freezes the targets first where nobody has. A stop is heard before the next copies are acted on; what the mail system has in
    hand reaches the ledger first. Raises Unreachable when the mail system as a whole does not answer; lines that were not
    acted on stay pending.
    """
    with settled_heap():
        return _work(remediation, mailboxes, clock, size)


def _work(remediation: Remediation, mailboxes: MailboxActions, clock: Clock, size: int) -> int:
    ledger = Ledger(remediation, action_of(remediation.action), clock)
    with Lanes() as lanes:
        search = Search(lanes, ledger.action, mailboxes, Stop(remediation))
        made: list[LedgerLine] = []

        def begin(lines: Sequence[LedgerLine]) -> None:
            made.extend(lines)
            search.look(in_order(lines)[:size])

        freeze(remediation, now=clock(), meanwhile=begin)
        if stop_asked(remediation):
            return 0
        lines: list[LedgerLine] = []
        for some in next_lines(remediation, made, size):
            search.look(some)
            lines += some
        if not lines:
            return 0
        with settled_heap():  # the lines stay, too
            lost = act_on_found(lines, search, mailboxes, ledger)
    ledger.settle_lost(ledger.settle_repeats(lost))
    ledger.write()
    return ledger.settled


def act_on_found(
    lines: Sequence[LedgerLine], search: "Search", mailboxes: MailboxActions, ledger: "Ledger"
) -> list[LedgerLine]:
    """Note, act, settle, each as soon as it can be; returns the lines of which no copy was found."""
    asked: dict[Target, list[LedgerLine]] = {}
    lost: list[LedgerLine] = []
    by_target = lines_by_target(lines)
    # Two lanes take turns, so that no mailbox waits for the slowest of the group before; the connector bounds both.
    turns = cycle(("act", "act too"))
    for lane, given in search.lanes:
        if lane in {"act", "act too"}:
            target, outcomes = given
            ledger.settle(asked.pop(target, []), outcomes)
        elif not search.stop.heard():
            found = [(target, copies) for target, copies in given if target in by_target]
            works = note(found, by_target, keeps=ledger.action.keeps)
            lost += (line for target, copies in found if not copies for line in by_target.pop(target))
            asked |= {target: by_target.pop(target) for target in works}
            search.lanes.read(next(turns), per_target(ledger.action.act(mailboxes, list(works.values())), works))
    ledger.settle_unanswered(asked if search.stop.asked else asked | by_target)
    return lost


class Search:
    """Looks for the copies of lines in a lane of its own, each target once: while lines are still written or read, others are looked for."""

    def __init__(self, lanes: Lanes, action: MailAction, mailboxes: MailboxActions, stop: "Stop") -> None:
        self.lanes, self.stop = lanes, stop
        self._action, self._mailboxes = action, mailboxes
        self._asked: set[Target] = set()

    def look(self, lines: Iterable[LedgerLine]) -> None:
        """Have them looked for; changes nothing in a mailbox."""
        targets = [target for target in dict.fromkeys(map(target_of, lines)) if target not in self._asked]
        if not targets:
            return
        self._asked.update(targets)
        self.lanes.read("find", in_groups(self._action.find(self._mailboxes, targets), self.stop))


class Stop:
    """Whether somebody asked to stop; the database is asked now and then."""

    def __init__(self, remediation: Remediation) -> None:
        self.remediation = remediation
        self.asked = False
        self.looked_at = time.monotonic()

    def heard(self) -> bool:
        if not self.asked and time.monotonic() - self.looked_at > LISTEN_SECONDS:
            self.asked, self.looked_at = stop_asked(self.remediation), time.monotonic()
        return self.asked


def in_groups(found: Iterable[Found], stop: Stop) -> Iterator[list[Found]]:
    """What was found, some hundred mailboxes together: each group costs a commit before it may be acted on."""
    group: list[Found] = []
    boxes: set[str] = set()
    for target, copies in found:
        if stop.asked:
            return
        if group and target.mailbox not in boxes and (len(boxes) >= GROUP or len(group) >= MOST_IN_GROUP):
            yield group
            group, boxes = [], set()
        group.append((target, copies))
        boxes.add(target.mailbox)
    if group:
        yield group


def note(
    found: Iterable[Found], by_target: Mapping[Target, Sequence[LedgerLine]], *, keeps: bool = False
) -> dict[Target, Work]:
    """Commit where the copies lie, before anything changes; targets without any copy are left out.

    A “copy” with a `why` is a mailbox that could not be asked: it is handed on to the action, which fails or finds it anew.
    """
    works = {}
    fresh = []
    for target, copies in found:
        if not copies:
            continue
        real = as_json(copy for copy in copies if not copy.why)
        for line in by_target[target]:
            if keeps and line.before and (more := joined(line.before, real)) != line.before:
                line.before = more
                fresh.append(line)
            if real and not line.before:
                line.before, line.opened = real, was_opened(real)
                fresh.append(line)
            works[target] = Work(target, copies, from_json(line.origin))
    save_lines(fresh, fields=NOTED_FIELDS)
    return works


def target_of(line: LedgerLine) -> Target:
    return Target(line.recipient, line.message_id)


def lines_by_target(lines: Iterable[LedgerLine]) -> dict[Target, list[LedgerLine]]:
    """Two emails may bear one Message-ID (senders choose it): the mailbox is changed once, both lines say so."""
    grouped: dict[Target, list[LedgerLine]] = defaultdict(list)
    for line in lines:
        grouped[target_of(line)].append(line)
    return dict(grouped)


def per_target(
    outcomes: Iterable[tuple[Target, ActionOutcome]], asked: Mapping[Target, Work]
) -> Iterator[tuple[Target, list[ActionOutcome]]]:
    """Connectors give one outcome per copy, a mailbox at a time or mixed; a target is yielded when all of its copies have
    answered and the talk has moved on to another mailbox, at the latest at the end.
    """
    heard: dict[Target, list[ActionOutcome]] = defaultdict(list)
    whole: list[Target] = []
    for target, outcome in outcomes:
        if whole and whole[-1].mailbox != target.mailbox:
            yield from ((done, heard.pop(done)) for done in whole if done in heard)
            whole = []
        heard[target].append(outcome)
        if len(heard[target]) >= copies_asked(asked.get(target)):
            whole.append(target)
    yield from heard.items()


def copies_asked(work: Work | None) -> float:
    """How many outcomes to wait for; without end where a mailbox could not be searched, so nobody knows."""
    if work is None or any(copy.why for copy in work.found):
        return math.inf
    return len(work.origin) or len(work.found)


def stop_asked(remediation: Remediation) -> bool:
    status = Remediation.objects.filter(pk=remediation.pk).values_list("status", flat=True).first()
    return status == RemediationStatus.STOPPING


class Ledger:
    """Collects settled lines of one batch and writes them, with counters and events, in one transaction at a time."""

    def __init__(self, remediation: Remediation, action: MailAction, clock: Clock) -> None:
        self.remediation = remediation
        self.action = action
        self.clock = clock
        self.waiting: list[LedgerLine] = []
        self.noted_late: list[LedgerLine] = []
        self.settled = 0
        self.written_at = time.monotonic()

    def settle_repeats(self, lines: Sequence[LedgerLine]) -> list[LedgerLine]:
        """EA-65: of messages no longer found, those the same action erased within the last hour are already done; returns the others.

        The mailbox is asked first: a copy that somebody put back meanwhile must go again, however lately we removed it.
        """
        last: dict[Row, LedgerLine] = {}
        for some in in_chunks(lines):
            last |= newest_done(some, since=self.clock() - SAME_WITHIN)
        others = []
        for line in lines:
            before = last.get(line.row)
            if (
                before
                and not line.before
                and before.remediation.action == self.action.key
                and not self.action.needs_origin
            ):
                line.moved_where, line.verified = before.moved_where, before.verified
                self._put(line, LineStatus.ALREADY, f"done at {before.at:%H:%M} UTC by “{before.remediation.name}”")
            else:
                others.append(line)
        return others

    def settle_lost(self, lines: Iterable[LedgerLine]) -> None:
        """Lines of which no copy was found: erased by us before we were cut off, or gone before we came."""
        for line in lines:
            if line.before and self.action.keeps:
                line.found_where, line.moved_where, line.verified = paths_of(line.before), Folder.QUARANTINE.value, True
                self._put(line, LineStatus.MOVED, "")
            elif line.before and self.action.erases:
                line.found_where, line.verified = paths_of(line.before), True
                self._put(line, LineStatus.DELETED, "")
            else:
                line.verified = True
                self._put(line, LineStatus.MISSING, "")

    def settle(self, lines: Iterable[LedgerLine], outcomes: Sequence[ActionOutcome]) -> None:
        """What the connector saw of each copy, as these lines' result."""
        for line in lines:
            if not line.before:
                line.before = as_json(o.before for o in outcomes if o.before and o.status != LineStatus.MISSING)
                line.opened = was_opened(line.before)
                self.noted_late.append(line)
            line.found_where = paths_of(line.before)
            line.moved_where = paths_in(o.after for o in outcomes if o.after)
            line.verified = all(outcome.verified for outcome in outcomes if outcome.status != LineStatus.MISSING)
            self._put(line, *result_of(line, outcomes, erases=self.action.erases, keeps=self.action.keeps))
        if len(self.waiting) >= WRITE_EVERY or time.monotonic() - self.written_at > WRITE_SECONDS:
            self.write()

    def settle_unanswered(self, left: dict[Target, list[LedgerLine]]) -> None:
        for lines in left.values():
            for line in lines:
                self._put(line, LineStatus.FAILED, "the mail system gave no answer for this mailbox; retry")

    def put(self, lines: Iterable[LedgerLine], status: LineStatus, why: str) -> None:
        """What became of lines that ask for nothing in a mailbox."""
        for line in lines:
            line.verified = status in DONE
            self._put(line, status, why)

    def _put(self, line: LedgerLine, status: LineStatus, why: str) -> None:
        line.status, line.why = status.value, why
        self.waiting.append(line)

    def write(self) -> None:
        """One transaction: the lines, the remediation's counters, the events. See step 4 above."""
        if not self.waiting:
            return
        tally: dict[str, int] = defaultdict(int)
        at = self.clock()
        for line in self.waiting:
            line.at = at
            tally[line.status] += 1
        with transaction.atomic():
            save_lines(self.waiting, fields=RESULT_FIELDS)
            save_lines(self.noted_late, fields=NOTED_FIELDS)
            Remediation.objects.filter(pk=self.remediation.pk).update(**{s: F(s) + n for s, n in tally.items()})
            if events := events_of(self.remediation, self.action, self.waiting):
                lake.append("EmailPostDeliveryEvents", events)
            self.action.settled(self.remediation, self.waiting)
        self.settled += len(self.waiting)
        self.waiting, self.noted_late = [], []
        self.written_at = time.monotonic()


def result_of(
    line: LedgerLine, outcomes: Sequence[ActionOutcome], *, erases: bool, keeps: bool = False
) -> tuple[LineStatus, str]:
    """The line's status and why: the worst of its copies. “Already” there, but noted elsewhere, was moved by us (step 3)."""
    statuses = {outcome.status for outcome in outcomes}
    if LineStatus.FAILED in statuses:
        return LineStatus.FAILED, next(
            o.why for o in outcomes if o.status == LineStatus.FAILED
        ) or "no reason was given"
    if statuses & CHANGED and not line.verified:
        return LineStatus.FAILED, "changed, but not seen in its new place afterwards; retry looks again"
    if statuses & CHANGED:
        return LineStatus.DELETED if erases else LineStatus.MOVED, ""
    if LineStatus.ALREADY in statuses:
        places = {outcome.after.path for outcome in outcomes if outcome.after}
        ours = places and any(copy["path"] not in places for copy in line.before)
        return LineStatus.MOVED if ours else LineStatus.ALREADY, ""
    if keeps and line.before:
        return LineStatus.MOVED, ""
    return (LineStatus.DELETED if erases and line.before else LineStatus.MISSING), ""


def newest_done(lines: Sequence[LedgerLine], *, since: datetime) -> dict[Row, LedgerLine]:
    """The newest settled line of each of these messages in another remediation since then: one query."""
    if not lines:
        return {}
    done = (
        LedgerLine.objects.filter(
            network_message_id__in={line.network_message_id for line in lines},
            recipient__in={line.recipient for line in lines},
            at__gte=since,
            status__in=[status.value for status in DONE],
        )
        .exclude(remediation=lines[0].remediation_id)
        .select_related("remediation")
        .order_by("at", "id")
    )
    return {line.row: line for line in done}
