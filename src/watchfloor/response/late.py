"""Late arrivals: for some days after a purge, new copies of what it aimed at are added to its ledger and dealt with like the rest.

New rows of EmailEvents are read once, by one cursor, and held against every watch; the lines made of them, the counters, the
next run of the remediation and the cursor are one transaction. Killed anywhere, the next round sees all of it or reads the same
batch again; a message in a mailbox has one line, however often it is seen.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.lake import services as lake_services
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response.contracts import RUNNING, RemediationStatus, Row, Targets
from watchfloor.response.freezing import CHUNK, lines_of
from watchfloor.response.models import LateWatch, LedgerLine, Remediation
from watchfloor.response.queueing import queue_after_commit
from watchfloor.response.targets import BEGINNING, query_of, row_of, sentence_of
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

READER = "response.late"
TABLE = "EmailEvents"
BATCHES, ROWS = 20, 10_000
"""What one look takes at most, but a whole batch at least."""
NAMES = ("Timestamp", "NetworkMessageId", "RecipientEmailAddress")
MOST_CLUSTERS = 100
MOST_DAYS = 90
S = RemediationStatus
STOPS = frozenset({S.REJECTED, S.UNDONE})
LakeRows = list[dict[str, Any]]


def watch_query(targets: Targets, *, now: datetime) -> Query | None:
    """What late copies look like: the whole query whenever they come, or mail of the clusters of what was chosen; None when there is none."""
    until = now + timedelta(days=MOST_DAYS)
    if targets.whole_query:
        return replace(query_of(targets.query, now=now), start=now, end=until)
    chosen = tuple(sorted({row.network_message_id for row in targets.rows}))[:CHUNK]
    if not chosen:
        return None
    only = (Condition("NetworkMessageId", Operator.EQUAL_ANY, chosen),)
    known = lake.top(
        Query(TABLE, BEGINNING, now + timedelta(days=1), only), column="EmailClusterId", limit=MOST_CLUSTERS
    )
    clusters = tuple(sorted(str(value) for value, _ in known if str(value) not in {"", "0", "None"}))
    if not clusters:
        return None
    return Query(TABLE, now, until, (Condition("EmailClusterId", Operator.EQUAL_ANY, clusters),))


def watch_sentence(targets: Targets, *, now: datetime) -> str:
    """What would be caught, in words; empty when nothing can be, as the chosen mail is like no other."""
    query = watch_query(targets, now=now)
    return lake.sentence(query) if query is not None else ""


def begin_watch(remediation: Remediation, *, now: datetime) -> LateWatch | None:
    """Start to watch, in the caller's transaction, before the targets are frozen: nothing comes between the two unseen."""
    if not remediation.late_days or LateWatch.objects.filter(remediation=remediation).exists():
        return None
    query = watch_query(remediation.targets, now=now)
    if query is None:
        return None
    if not LateWatch.objects.filter(stopped_at=None, until__gt=now).exists():
        lake_services.register_reader(READER, tables=(TABLE,))
        move_cursor(READER, position=lake.tail_position(TABLE))
    until = now + timedelta(days=remediation.late_days)
    query = replace(query, end=until)
    return LateWatch.objects.create(
        remediation=remediation,
        query=lake.parameters_of(query),
        sentence=sentence_of(Targets(query=lake.parameters_of(query)), now=now),
        since=now,
        until=until,
    )


def end_watch(remediation: Remediation, *, by: str, now: datetime) -> bool:
    """Catch no more; False when it did not."""
    watching = LateWatch.objects.filter(remediation=remediation, stopped_at=None, until__gt=now)
    return bool(watching.update(stopped_at=now, stopped_by=by))


def catch(*, now: datetime, limit: int = BATCHES) -> int:
    """Hold the next batches against the watches; returns how many lines were added."""
    watches = list(LateWatch.objects.filter(stopped_at=None, until__gt=now).select_related("remediation"))
    position = cursor_position(READER)
    if not watches:
        _rest(position, now)
        return 0
    if any(watch.remediation.running and not watch.remediation.frozen_at for watch in watches):
        return 0  # what it aims at is being written down now; the batches wait
    new = lake.newly(position, tables=(TABLE,), most_rows=ROWS, most_batches=limit)
    if new is None:
        return 0
    rows = lake.among(new.tables[TABLE], table=TABLE, conditions=(), columns=NAMES)
    caught = [(watch, found) for watch in watches if (found := _held_against(watch, rows, now))]
    with transaction.atomic():
        if cursor_position(READER) != position:
            return 0  # another worker was faster
        added = sum(_add(watch, found, now) for watch, found in caught)
        move_cursor(READER, position=new.position)
    return added


def _rest(position: int, now: datetime) -> None:
    """Nothing is watched: let go of the batches kept for us, unless somebody begins to watch at this moment."""
    if not position or lake.tail_position(TABLE) <= position:
        return
    with transaction.atomic():
        move_cursor(READER, position=lake.tail_position(TABLE))
        if LateWatch.objects.filter(stopped_at=None, until__gt=now).exists():
            transaction.set_rollback(True)


def _held_against(watch: LateWatch, rows: Sequence[dict[str, Any]], now: datetime) -> LakeRows:
    """Which of these rows the watch is for: one question to the lake per some hundred mails."""
    if watch.remediation.status in STOPS:
        return []
    query = query_of(watch.query, now=now)
    first, last = min(row["Timestamp"] for row in rows), max(row["Timestamp"] for row in rows)
    messages = sorted({row["NetworkMessageId"] for row in rows})
    wanted = {row_of(row) for row in rows}
    found: dict[Row, dict[str, Any]] = {}
    for start in range(0, len(messages), CHUNK):
        only = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(messages[start : start + CHUNK]))
        asked = replace(query, start=first, end=last + timedelta(microseconds=1), required=(*query.required, only))
        try:
            found |= {row_of(row): row for row in lake.all_rows(asked, limit=200_000) if row_of(row) in wanted}
        except BadInput:
            return []
    return list(found.values())


def _add(watch: LateWatch, rows: LakeRows, now: datetime) -> int:
    """Lines for what came late, and a next run to deal with them; a row that has its line gets none."""
    remediation = Remediation.objects.select_for_update().get(pk=watch.remediation_id)
    excepted = set(remediation.targets.excepted)
    words = f"Late arrival at {now:%Y-%m-%d %H:%M} UTC: {watch.sentence}"
    lines = lines_of(remediation, rows, because={row_of(row): words for row in rows})
    ids = {line.network_message_id for line in lines}
    held = {
        Row(*names)
        for names in remediation.lines.filter(network_message_id__in=ids).values_list("network_message_id", "recipient")
    }
    fresh = [line for line in lines if line.row not in held and line.row not in excepted]
    if not fresh:
        return 0
    LedgerLine.objects.bulk_create(fresh, batch_size=CHUNK)
    skipped = sum(line.status == "skipped" for line in fresh)
    Remediation.objects.filter(pk=remediation.pk).update(total=F("total") + len(fresh), skipped=F("skipped") + skipped)
    LateWatch.objects.filter(pk=watch.pk).update(caught=F("caught") + len(fresh), last_at=now)
    if skipped < len(fresh) and remediation.status not in RUNNING:
        run_again(remediation)
    return len(fresh)


def run_again(remediation: Remediation) -> None:
    """Ask for another run over the pending lines, in the caller's transaction."""
    remediation.run += 1
    remediation.status, remediation.why, remediation.finished_at = S.STARTED.value, "", None
    remediation.save(update_fields=["run", "status", "why", "finished_at"])
    queue_after_commit(remediation)
