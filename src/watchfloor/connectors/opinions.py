"""Asking every second opinion about many mails at once: never longer than it may take, and never so that mail waits.

Who does not answer three times running is left alone for half a minute, or one silent filter would slow all mail down.
"""

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from datetime import datetime

from watchfloor.connectors.contracts import AcceptedMail, Heard, Opinion, SecondOpinion
from watchfloor.connectors.protocols.deadline import LONGEST_SECONDS
from watchfloor.connectors.selectors import raw_mail, second_opinions
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.runtime.services import report_health

log = logging.getLogger(__name__)

AT_ONCE = 12
BATCH_SECONDS = 30.0
"""Mails of one batch whose turn has not come by then are stored unasked."""
GIVEN_UP_AFTER = 3
PAUSE_SECONDS = 30.0
REPORT_SECONDS = 10.0
MOST_REMEMBERED = 1000
Answer = tuple[Opinion, ...] | str


@dataclass(slots=True)
class Standing:
    """How one connection has been answering since this process began.

    `asked` counts mails, `missed` those of them stored without its answer; `in_a_row` counts failures since the last answer.
    """

    since: datetime
    asked: int = 0
    missed: int = 0
    in_a_row: int = 0
    why: str = ""
    paused_until: float = 0.0
    reported: tuple[str, float] = ("", 0.0)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def paused(self) -> bool:
        return time.monotonic() < self.paused_until

    def answered(self) -> None:
        with self.lock:
            self.asked, self.in_a_row, self.paused_until = self.asked + 1, 0, 0.0

    def failed(self, why: str) -> None:
        with self.lock:
            self.asked, self.missed, self.in_a_row, self.why = self.asked + 1, self.missed + 1, self.in_a_row + 1, why
            if self.in_a_row >= GIVEN_UP_AFTER:
                self.paused_until = time.monotonic() + PAUSE_SECONDS

    def skipped(self) -> None:
        with self.lock:
            self.asked, self.missed = self.asked + 1, self.missed + 1

    def words(self, warning: str) -> tuple[str, str]:
        """State and sentence for the health page."""
        counted = f"{self.asked:,} mail{'' if self.asked == 1 else 's'} since {self.since:%d %b %H:%M} UTC"
        if self.missed:
            counted += f", {self.missed:,} stored without its answer"
        if self.in_a_row >= GIVEN_UP_AFTER:
            return "failing", f"{self.why}; asked again every {PAUSE_SECONDS:.0f} s. {counted}"
        if self.in_a_row or warning:
            return "warning", f"{warning or self.why}. {counted}"
        return "ok", f"answers; {counted}"


_standings: dict[str, Standing] = {}
_heard_before: dict[str, Heard] = {}
_guard = threading.Lock()


def consult(mails: Sequence[AcceptedMail]) -> list[Heard]:
    """What every enabled second opinion says about each of `mails`, in order. Never raises for what one of them does.

    What was asked before delivery is not asked again when the mail is stored: filters count what they are shown.
    """
    asked = second_opinions()
    if not asked or not mails:
        return [Heard() for _ in mails]
    known = {} if any(mail.raw for mail in mails) else _before_delivery(mails)
    fresh = [mail for mail in mails if mail.sha256 not in known]
    heard = dict(zip((id(mail) for mail in fresh), _consult(asked, fresh), strict=True))
    for mail in fresh:
        if mail.raw:
            _remember(mail.sha256, heard[id(mail)])
    return [known[mail.sha256] if mail.sha256 in known else heard[id(mail)] for mail in mails]


def _consult(asked: Sequence[SecondOpinion], mails: Sequence[AcceptedMail]) -> list[Heard]:
    if not mails:
        return []
    end = time.monotonic() + BATCH_SECONDS
    pool = ThreadPoolExecutor(min(AT_ONCE, len(asked) * len(mails)), thread_name_prefix="opinion")
    try:
        waiting = [[pool.submit(_ask, one, mail, end) for one in asked] for mail in mails]
        return [_heard(asked, answers, end) for answers in waiting]
    finally:
        # Whoever is late ends by its own time limit; nobody waits for it here.
        pool.shutdown(wait=False, cancel_futures=True)
        for one in asked:
            _report(one)


def _before_delivery(mails: Sequence[AcceptedMail]) -> dict[str, Heard]:
    """What was heard of these mails when their mail server asked; each is told once."""
    with _guard:
        return {mail.sha256: said for mail in mails if (said := _heard_before.pop(mail.sha256, None))}


def _remember(sha256: str, heard: Heard) -> None:
    with _guard:
        _heard_before[sha256] = heard
        while len(_heard_before) > MOST_REMEMBERED:
            del _heard_before[next(iter(_heard_before))]


def _ask(one: SecondOpinion, mail: AcceptedMail, end: float) -> Answer:
    standing = _standing(one.who)
    if standing.paused() or time.monotonic() > end:
        standing.skipped()
        return f"{one.who} was not reached: {standing.why or 'other mails took too long'}"
    try:
        found = one(mail.raw or raw_mail(mail.sha256), mail=mail)
    except BadInput as error:
        standing.skipped()
        return f"{one.who} was not asked: {error.message}"
    except WatchfloorError as error:
        standing.failed(error.message)
        return f"{one.who} was not reached: {error.message}"
    except Exception as error:
        log.exception("the second opinion %s failed", one.who)
        standing.failed(f"it failed here ({type(error).__name__})")
        return f"{one.who} was not reached: it failed here ({type(error).__name__})"
    standing.answered()
    return found


def _heard(asked: Sequence[SecondOpinion], answers: Sequence["Future[Answer]"], end: float) -> Heard:
    opinions: list[Opinion] = []
    unanswered: list[str] = []
    for one, answer in zip(asked, answers, strict=True):
        try:
            said = answer.result(timeout=max(end + 2 * LONGEST_SECONDS - time.monotonic(), 0.01))
        except TooLate:
            _standing(one.who).failed("it does not keep its own time limit")
            said = f"{one.who} was not reached: it does not keep its own time limit"
        if isinstance(said, str):
            unanswered.append(said)
        else:
            opinions += said
    return Heard(tuple(opinions), tuple(unanswered))


def _standing(name: str) -> Standing:
    return _standings.setdefault(name, Standing(utc_now()))


def _report(one: SecondOpinion) -> None:
    """Health at once when the state changes, else every few seconds; a database in trouble must not stop mail here."""
    standing = _standing(one.who)
    state, sentence = standing.words(one.warning())
    before, at = standing.reported
    if state == before and time.monotonic() - at < REPORT_SECONDS:
        return
    standing.reported = (state, time.monotonic())
    try:
        report_health(f"connection {one.who}", state=state, sentence=sentence)
    except Exception:
        log.exception("health of the second opinion %s could not be written", one.who)
