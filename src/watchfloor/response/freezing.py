"""Freezing: what a remediation is aimed at becomes ledger lines, so that it no longer moves while we work on it.

A freeze cut off by a crash starts again from the beginning: lines already there stay as they are, and nothing acts on a
mailbox before the freeze is whole.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from types import MappingProxyType
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from watchfloor.connectors.contracts import Folder
from watchfloor.response.action import MailAction
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import LineStatus, Row
from watchfloor.response.heap import settled_heap
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.storing import insert_lines
from watchfloor.response.targets import row_of, sender_of_ours, target_rows

CHUNK = 1000
HELD = 10_000
"""So many lines are made before the first is written."""
COUNTED = ("frozen_at", "total", *(one.value for one in LineStatus if one != LineStatus.PENDING))
"""What freezing writes of a remediation itself."""
Item = TypeVar("Item")
NO_MESSAGE_ID = "the message carries no Message-ID, so it cannot be found in the mailbox"
SENT_ON = "Sent on inside the organisation"
SENDER_COPY = "The sender's own copy"
NO_ORIGIN = "Watchfloor did not move this message, so where it came from is not known; use Move to Inbox"


def freeze(
    remediation: Remediation, *, now: datetime, meanwhile: Callable[[Sequence[LedgerLine]], object] = lambda lines: None
) -> None:
    """Write the ledger's lines; afterwards `frozen_at` and the counters stand. Does nothing when it was done.

    `meanwhile` is told the first lines, HELD and a chunk at most, before they are written.
    """
    if remediation.frozen_at:
        return
    with settled_heap():
        chunks = _lines(remediation, now=now)
        first = [line for lines in _at_most(HELD, chunks) for line in lines]
        meanwhile(first)
        for lines in chain([first], chunks):
            insert_lines(lines)
    with transaction.atomic():
        _missing_from_lake(remediation)
        tally = dict(remediation.lines.order_by().values_list("status").annotate(Count("id")))
        remediation.total = sum(tally.values())
        for status in LineStatus:
            if status != LineStatus.PENDING:
                setattr(remediation, status.value, tally.get(status.value, 0))
        remediation.frozen_at = now
        remediation.save(update_fields=COUNTED)  # nothing else: somebody may have asked to stop meanwhile


def _at_most(count: int, chunks: Iterator[list[LedgerLine]]) -> Iterator[list[LedgerLine]]:
    """Chunks until `count` lines are held; the others stay in the iterator."""
    held = 0
    while held < count and (lines := next(chunks, None)) is not None:
        held += len(lines)
        yield lines


def origins(rows: Sequence[Row]) -> dict[Row, Any]:
    """Where each message lay before we moved it last, from the newest such line; rows we never moved are absent."""
    found: dict[Row, Any] = {}
    for chunk in in_chunks(rows):
        wanted = set(chunk)
        lines = LedgerLine.objects.filter(
            network_message_id__in={row.network_message_id for row in chunk}, status=LineStatus.MOVED.value
        ).exclude(remediation__action__in=["restore", "quarantine", "release"])
        for line in lines.order_by("id").only("network_message_id", "recipient", "before"):
            if line.row in wanted and line.before:
                found[line.row] = line.before
    return found


def in_chunks(items: Iterable[Item], *, size: int = CHUNK) -> Iterator[list[Item]]:
    """Lists of at most `size` items, in order."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _lines(remediation: Remediation, *, now: datetime) -> Iterator[list[LedgerLine]]:
    if remediation.undo_of is not None:
        yield from _undo_lines(remediation, remediation.undo_of)
        return
    if not action_of(remediation.action).mailboxes and not remediation.judgement:
        return  # only values are blocked or allowed
    targets, also = remediation.targets, frozenset(remediation.targets.also)
    for rows in target_rows(targets, now=now):
        because = {row_of(row): SENT_ON for row in rows if row_of(row) in also} if also else {}
        yield lines_of(remediation, rows, because=because)


def lines_of(
    remediation: Remediation, rows: Sequence[dict[str, Any]], *, because: Mapping[Row, str] = MappingProxyType({})
) -> list[LedgerLine]:
    """The lines of these rows of EmailEvents, not stored yet, with the sender's copies where they are wanted too."""
    action = action_of(remediation.action)
    places = origins([row_of(row) for row in rows]) if action.needs_origin else {}
    lines = [_line(remediation, action, row, places.get(row_of(row), []) if places else []) for row in rows]
    if because:
        for line in lines:
            line.because = because.get(line.row, "")
    if not remediation.sender_copy:
        return lines
    held = {line.row for line in lines}
    copies = {copy.row: copy for row in rows if (copy := _sender_line(remediation, row)) is not None}
    return lines + [copy for name, copy in copies.items() if name not in held]


def _sender_line(remediation: Remediation, row: dict[str, Any]) -> LedgerLine | None:
    """The copy in the sender's own mailbox, usually in the folder Sent."""
    sender = sender_of_ours(row)
    if not sender or not row["InternetMessageId"]:
        return None
    line = _line(
        remediation,
        action_of(remediation.action),
        {**row, "RecipientEmailAddress": sender, "LatestDeliveryLocation": Folder.UNKNOWN.value},
        [],
    )
    line.because = SENDER_COPY
    return line


def _line(remediation: Remediation, action: MailAction, row: dict[str, Any], origin: Any) -> LedgerLine:
    location = row["LatestDeliveryLocation"] or ""
    message_id = row["InternetMessageId"] or ""
    why = action.unreachable(location)
    if not why and not message_id and action.mailboxes:
        why = NO_MESSAGE_ID
    if not why and action.needs_origin and not origin:
        why = NO_ORIGIN
    name = row_of(row)
    return LedgerLine.fresh(
        remediation_id=remediation.pk,
        network_message_id=name.network_message_id,
        recipient=name.recipient,
        message_id=message_id,
        subject=row["Subject"] or "",
        sender=(row["SenderFromAddress"] or "")[:320],
        location=location[:60],
        threats=str(row["ThreatTypes"] or "")[:200],
        methods=str(row["DetectionMethods"] or ""),
        origin=origin,
        status=(LineStatus.SKIPPED if why else LineStatus.PENDING).value,
        why=why,
    )


def _undo_lines(remediation: Remediation, original: Remediation) -> Iterator[list[LedgerLine]]:
    """What the original moved, put back to where the original found it: all of it, or the rows the undo names."""
    wanted, done = set(remediation.targets.rows), undone_rows(original)
    for lines in in_chunks(moved_lines(original, wanted).iterator(chunk_size=CHUNK)):
        yield [_back(remediation, original, line) for line in lines if line.row not in done]


def moved_lines(original: Remediation, wanted: Iterable[Row] = ()) -> "QuerySet[LedgerLine]":
    """Lines an undo can put back; with `wanted`, only those of these messages' mailboxes."""
    moved = LedgerLine.objects.filter(remediation=original, status=LineStatus.MOVED.value).order_by("id")
    if not (rows := list(wanted)):
        return moved
    named = Q()
    for row in rows:
        named |= Q(network_message_id=row.network_message_id, recipient=row.recipient)
    return moved.filter(named)


def undone_rows(original: Remediation) -> set[Row]:
    """What earlier undos of it put back already, or have in hand."""
    lines = LedgerLine.objects.filter(remediation__undo_of=original).exclude(
        status__in=[LineStatus.FAILED.value, LineStatus.MISSING.value, LineStatus.SKIPPED.value]
    )
    return {Row(*names) for names in lines.values_list("network_message_id", "recipient")}


def _back(remediation: Remediation, original: Remediation, line: LedgerLine) -> LedgerLine:
    kept = {
        name: getattr(line, name)
        for name in ("network_message_id", "recipient", "message_id", "subject", "sender", "threats", "methods")
    }
    action = action_of(original.action)
    location = action.destination.value if action.destination else line.location
    return LedgerLine.fresh(remediation_id=remediation.pk, origin=line.before, location=location, **kept)


def _missing_from_lake(remediation: Remediation) -> None:
    """Rows chosen by hand that the lake no longer knows get a line too, so that the counts add up."""
    entries_only = not action_of(remediation.action).mailboxes and not remediation.judgement
    if remediation.undo_of is not None or not remediation.rows or entries_only:
        return
    known = set(remediation.lines.values_list("network_message_id", "recipient"))
    lost = [row for row in remediation.targets.rows if (row.network_message_id, row.recipient) not in known]
    LedgerLine.objects.bulk_create([_lost(remediation, row) for row in lost])


def _lost(remediation: Remediation, row: Row) -> LedgerLine:
    return LedgerLine(
        remediation=remediation,
        network_message_id=row.network_message_id,
        recipient=row.recipient,
        status=LineStatus.SKIPPED.value,
        why="the lake holds no such message for this recipient",
    )
