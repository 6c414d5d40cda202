"""An action on accounts, step after step: note, act, verify, write down.

Why a kill -9 at any moment leaves a true ledger and repeats nothing harmful:

1. *note* commits what the source says of the account to `noted`, ahead of any change. A line that has one keeps it.
2. *act* changes the account, and the connector looks again. Killed here, the line is still pending and runs again; the
   connector then finds it done already. The source differs from what was noted, so it was this action that changed it: the line
   says changed, not “already”.
3. *write* puts status, words and counters into one transaction. After it, nobody touches the line again.

Lines of one person run by phase, the lock before the kick; different systems work side by side. A system that does not answer
holds up nobody else: its lines stay pending, and the whole is asked again later.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F

from watchfloor.connectors.contracts import AccountActions, AccountOutcome, AccountVerb
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.accounts.asking import trouble_of
from watchfloor.response.accounts.places import from_json
from watchfloor.response.accounts.risk import OWN
from watchfloor.response.contracts import LineStatus, RemediationStatus
from watchfloor.response.lanes import Lanes
from watchfloor.response.models import AccountLine, Remediation
from watchfloor.runtime.services import seal

LINES = 60
"""Lines taken up together, a person's never torn apart: few enough that nobody waits long between lock and kick."""
SECRET_KEPT = timedelta(hours=24)
MUST_BE_SEEN = frozenset({AccountVerb.SUSPEND, AccountVerb.ENABLE, AccountVerb.RESET_PASSWORD})
LOCKS = frozenset({AccountVerb.SUSPEND, AccountVerb.RESET_PASSWORD})
UNSEEN = "the source did not show the change when it was asked again"
GONE = "the connection “{}” is gone, or may no longer act on accounts"
STATUSES = {"already": LineStatus.ALREADY, "missing": LineStatus.MISSING, "failed": LineStatus.FAILED}
Systems = Mapping[str, AccountActions]


class Answer(NamedTuple):
    """What a lane brings: the noted state, the outcome, or the trouble of one line."""

    line: AccountLine
    noted: Any = None
    outcome: AccountOutcome | None = None
    ours: bool = False
    trouble: WatchfloorError | None = None


def work_accounts(remediation: Remediation, *, systems: Systems, clock: Callable[[], datetime]) -> int:
    """Do every pending line; returns how many were settled. Ends early, between people, when somebody asked to stop.

    Raises the first Unreachable when a system did not answer; its lines stay pending.
    """
    round_ = Round(systems, clock)
    after = 0
    while lines := next_lines(remediation, after):
        if stop_asked(remediation):
            break
        after = lines[-1].pk
        for _, some in groupby(sorted(lines, key=lambda line: line.phase), key=lambda line: line.phase):
            round_.work(list(some))
    if round_.trouble is not None:
        raise round_.trouble
    return round_.settled


def next_lines(remediation: Remediation, after: int) -> list[AccountLine]:
    """The next pending lines behind `after`, with the rest of the last one's owner."""
    pending = remediation.account_lines.filter(status=LineStatus.PENDING.value, pk__gt=after).order_by("pk")
    lines = list(pending[:LINES])
    return lines + list(pending.filter(pk__gt=lines[-1].pk, owner=lines[-1].owner)) if lines else []


def stop_asked(remediation: Remediation) -> bool:
    status = Remediation.objects.filter(pk=remediation.pk).values_list("status", flat=True).first()
    return status == RemediationStatus.STOPPING


@dataclass(slots=True)
class Round:
    """One pass over the lines; the thread that made it owns the database, the lanes only ask the systems."""

    systems: Systems
    clock: Callable[[], datetime]
    settled: int = 0
    trouble: WatchfloorError | None = None
    down: set[str] = field(default_factory=set)

    def work(self, lines: Sequence[AccountLine]) -> None:
        """All lines of one phase."""
        by_system: dict[str, list[AccountLine]] = defaultdict(list)
        for line in lines:
            if line.system in self.systems and line.system not in self.down:
                by_system[line.system].append(line)
            elif line.system not in self.down:
                self.settle(line, LineStatus.FAILED, why=GONE.format(line.system))
        for line in by_system.pop(OWN, ()):
            self.alone(line)
        with Lanes() as lanes:
            for name, some in by_system.items():
                lanes.read(name, noting(self.systems[name], some))
            for name, answer in lanes:
                if self.heard(answer):
                    lanes.read(name, acting(self.systems[name], answer.line, noted=answer.noted))

    def alone(self, line: AccountLine) -> None:
        """In this thread: our own risk level lies in the same database as the ledger."""
        for answer in noting(self.systems[OWN], [line]):
            if self.heard(answer):
                for done in acting(self.systems[OWN], line, noted=answer.noted):
                    self.heard(done)

    def heard(self, answer: Answer) -> bool:
        """Write down what a lane brought; True when the line may be acted on now."""
        if answer.trouble is not None:
            self.failed(answer.line, answer.trouble)
        elif answer.outcome is not None:
            self.write(answer.line, answer.outcome, ours=answer.ours)
        else:
            note(answer.line, answer.noted)
            return True
        return False

    def failed(self, line: AccountLine, trouble: WatchfloorError) -> None:
        if trouble.retry:
            self.trouble = self.trouble or trouble
            self.down.add(line.system)
        else:
            self.settle(line, LineStatus.FAILED, why=trouble.message)

    def write(self, line: AccountLine, outcome: AccountOutcome, *, ours: bool) -> None:
        status, why = result_of(AccountVerb(line.verb), outcome, ours=ours)
        unseen = status == LineStatus.CHANGED and not outcome.verified
        line.words, line.verified = list(outcome.words), outcome.verified
        line.warnings = [*outcome.warnings, *([UNSEEN] if unseen else ())]
        if outcome.secret:
            line.secret, line.secret_until = seal(outcome.secret), self.clock() + SECRET_KEPT
        self.settle(line, status, why=why)

    def settle(self, line: AccountLine, status: LineStatus, *, why: str) -> None:
        line.status, line.why, line.at = status.value, why, self.clock()
        with transaction.atomic():
            line.save()
            Remediation.objects.filter(pk=line.remediation_id).update(**{status.value: F(status.value) + 1})
            if status == LineStatus.CHANGED and line.verb in LOCKS and not line.undoing:
                kick_again(line)
        self.settled += 1


def note(line: AccountLine, noted: Any) -> None:
    """Commit what the source says, ahead of the change; what a run before this one noted stays."""
    if line.noted is None:
        line.noted = noted
        line.before = line.before if line.undoing else noted
        line.save(update_fields=["noted", "before"])


def kick_again(lock: AccountLine) -> None:
    """A lock that came late, after a directory was down: the sessions that began meanwhile have to end as well."""
    settled = [LineStatus.CHANGED, LineStatus.ALREADY, LineStatus.FAILED, LineStatus.MISSING]
    kicked = AccountLine.objects.filter(
        remediation=lock.remediation_id, owner=lock.owner, verb=AccountVerb.END_SESSIONS.value, status__in=settled
    )
    for line in kicked:
        Remediation.objects.filter(pk=line.remediation_id).update(**{line.status: F(line.status) - 1})
    kicked.update(status=LineStatus.PENDING.value, noted=None)


def noting(system: AccountActions, lines: Sequence[AccountLine]) -> Iterator[Answer]:
    """What the source says of each account now."""
    for line in lines:
        try:
            noted = plain(system.before(AccountVerb(line.verb), from_json(line.account)))
        except Exception as error:
            yield Answer(line, trouble=trouble_of(error))
        else:
            yield Answer(line, noted=noted)


def acting(system: AccountActions, line: AccountLine, *, noted: Any) -> Iterator[Answer]:
    """Do it, or undo it. `ours` says that the account no longer stands as it did when we first noted it."""
    verb, account = AccountVerb(line.verb), from_json(line.account)
    change = system.undo if line.undoing else system.do
    try:
        outcome = change(verb, account, before=line.before)
        if verb == AccountVerb.RESET_PASSWORD and outcome.status == "already" and noted != line.noted:
            # We were cut off behind the reset, and nobody ever saw that password: set another.
            outcome = change(verb, account, before=noted)
    except Exception as error:
        yield Answer(line, trouble=trouble_of(error))
    else:
        yield Answer(line, outcome=outcome, ours=noted != line.noted)


def plain(noted: Mapping[str, Any]) -> Any:
    """As it comes back from the database, so that it can be compared with what was kept."""
    return json.loads(json.dumps(dict(noted)))


def result_of(verb: AccountVerb, outcome: AccountOutcome, *, ours: bool) -> tuple[LineStatus, str]:
    """The line's status and why. A lock that the source does not show afterwards has failed, whatever it answered."""
    if outcome.status == "done" and not outcome.verified and verb in MUST_BE_SEEN:
        return LineStatus.FAILED, f"{UNSEEN}; retry looks again"
    if outcome.status == "done" or (outcome.status == "already" and ours):
        return LineStatus.CHANGED, ""
    status = STATUSES.get(outcome.status, LineStatus.FAILED)
    return status, (outcome.why or "no reason was given") if status == LineStatus.FAILED else outcome.why
