"""Accepted mail becomes rows: inspected in worker processes, one transaction per batch, the cursor moved in it.

Killed anywhere, the next run starts at the cursor and nothing is stored twice: rows, register and cursor commit together.
"""

import fcntl
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from django.db import DataError, IntegrityError, transaction

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.connectors.selectors import accepted_after, original_sha256, raw_mail
from watchfloor.connectors.services import bury
from watchfloor.inspection.contracts import Envelope, Inspection
from watchfloor.kernel.errors import NotFound
from watchfloor.lake import hot
from watchfloor.lake.entries_met import note_entries
from watchfloor.lake.facts import tenant_facts
from watchfloor.lake.history import remember
from watchfloor.lake.judging import judged
from watchfloor.lake.place import lake_folder
from watchfloor.lake.register import Registration
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import keep_order, move_cursor

READER = "lake.ingest"
BATCH_MAILS = 200
BATCH_SECONDS = 0.5
IN_FLIGHT = 400
IN_FLIGHT_BYTES = 48 * 1024 * 1024
TO_BE_JUDGED = {"user_report", "submitted"}
"""Facts of mail that somebody handed in only to hear what it is: nobody here got it by that, so it teaches nothing of its sender."""
ITS_OWN = (
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
    DataError,
    IntegrityError,
)
"""What a mail may do to whoever judges and stores it. All else is the machine's trouble, and is tried again."""


class Inspector(Protocol):
    """What of `inspection.pool.InspectionPool` is used here."""

    def submit(self, raw: bytes, envelope: Envelope, now: datetime) -> "Future[Inspection]": ...


@dataclass(frozen=True, slots=True)
class Pending:
    """One accepted mail and its coming inspection, or why there will be none."""

    mail: AcceptedMail
    size: int
    inspection: "Future[Inspection] | None"
    reason: str = ""


def ingest_pending(pool: Inspector, limit: int, now: datetime, *, progress: Callable[[int], None] | None = None) -> int:
    """Inspect and store up to `limit` accepted mails; returns how many. `progress` hears the count after each batch.

    Waits while another process ingests. Raises what the pool raises when it is broken; nothing is lost then.
    """
    done = 0
    with _alone():
        feed = _feed(pool, limit, now)
        position = cursor_position(READER)
        for batch in _batches(feed):
            if not _store_or_bury(batch, position=position):
                break
            position = batch[-1].mail.position
            done += len(batch)
            if progress:
                progress(done)
    return done


@contextmanager
def _alone() -> Iterator[None]:
    lake_folder().mkdir(parents=True, exist_ok=True)
    handle = os.open(lake_folder() / ".ingest", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _feed(pool: Inspector, limit: int, now: datetime) -> Iterator[Pending]:
    """Accepted mails in order, each already submitted."""
    position = cursor_position(READER)
    while limit > 0:
        mails = accepted_after(position, limit=min(BATCH_MAILS, limit))
        if not mails:
            return
        for mail in mails:
            yield _submitted(pool, mail, now)
        position = mails[-1].position
        limit -= len(mails)


def _submitted(pool: Inspector, mail: AcceptedMail, now: datetime) -> Pending:
    try:
        raw = raw_mail(mail.sha256)
        if original := original_sha256(raw):  # a mailbox holds the body that was delivered, with protected links
            raw = raw_mail(original)
    except NotFound as error:
        return Pending(mail, 0, None, str(error))
    exported = bool(mail.facts.get("exported"))
    envelope = Envelope(mail.mail_from, mail.recipients, mail.client_ip, mail.helo, mail.queue_id, exported)
    return Pending(mail, len(raw), pool.submit(raw, envelope, now))


def _batches(feed: Iterator[Pending]) -> Iterator[list[Pending]]:
    """Inspected mails in order, up to 200 or half a second at a time; the pool always has the next ones."""
    waiting: deque[Pending] = deque()
    open_feed, held = True, 0
    while open_feed or waiting:
        batch: list[Pending] = []
        deadline = time.monotonic() + BATCH_SECONDS
        while len(batch) < BATCH_MAILS and (not batch or time.monotonic() < deadline):
            while open_feed and len(waiting) < IN_FLIGHT and held < IN_FLIGHT_BYTES:
                following = next(feed, None)
                if following is None:
                    open_feed = False
                else:
                    waiting.append(following)
                    held += following.size
            if not waiting:
                break
            head = waiting.popleft()
            held -= head.size
            if head.inspection is not None:
                head.inspection.result()
            batch.append(head)
        if batch:
            yield batch


def _store_or_bury(batch: list[Pending], *, position: int) -> bool:
    """Like `_store`; a mail that no table can hold is buried, so that it never stands before those behind it."""
    try:
        return _store(batch, position=position)
    except ITS_OWN as error:
        if len(batch) == 1:
            reason = f"{type(error).__name__}: {error}".encode("ascii", "backslashreplace").decode()
            return _store([replace(batch[0], inspection=None, reason=reason[:500])], position=position)
    for pending in batch:
        if not _store_or_bury([pending], position=position):
            return False
        position = pending.mail.position
    return True


def _store(batch: list[Pending], *, position: int) -> bool:
    """Commit one batch; False when somebody else moved the cursor meanwhile. Others are asked before the lock is taken."""
    facts = tenant_facts()
    read = judged(
        [(pending.mail, pending.inspection.result()) for pending in batch if pending.inspection is not None],
        facts=facts,
    )
    with transaction.atomic():
        keep_order(hot.QUEUE)
        if cursor_position(READER) != position:
            return False
        registration = Registration(read)
        registration.store()
        remember([one for one in read if not TO_BE_JUDGED & one[0].facts.keys()], facts=facts)
        note_entries(read)
        for pending in batch:
            if pending.inspection is None:
                bury(accepted=pending.mail, reason=pending.reason)
        for mail, reason in registration.refused:
            bury(accepted=mail, reason=reason)
        move_cursor(READER, position=batch[-1].mail.position)
    return True
