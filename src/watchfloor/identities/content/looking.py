"""One look at new and changed files: which are due, read within a budget, judged, and written down together with their rows.

A file is due when its version, time or size differs from what was read. What is found and that it was read become durable in one
transaction: a process that dies before it reads the file again, one that dies after it does not.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce

from watchfloor.connectors.contracts import ContentReader, FileRef, TooLarge
from watchfloor.connectors.selectors import content_readers
from watchfloor.identities.content.findings import BLOCK, MALWARE, Finding, came_by_mail, of_hash
from watchfloor.identities.content.inspecting import inspected
from watchfloor.identities.content.rows import row_of
from watchfloor.identities.models import FileContent, StoredFile
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.intelligence.selectors import tenant_facts
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake.services import append

TABLE = "FileMaliciousContentInfo"
LONGEST_LOOK = 200
"""Files of one connection in one look."""
TOGETHER = 8
"""Files held in memory at once."""
PER_MINUTE = timedelta(minutes=1)
LOOK_SECONDS = 20.0
"""After so long the rest waits for the next look, so that nothing else of the worker does."""
BAD = (MALWARE.lower(), BLOCK.lower())
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
TRIES = 5
"""After as many failures a file rests until it changes."""
QUIET = timedelta(minutes=1)
"""Where nothing was due, it is not asked again for so long: to find nothing among a million files takes a second."""
_quiet: dict[str, datetime] = {}
_spent: dict[str, tuple[datetime, int]] = {}


@dataclass(frozen=True, slots=True)
class Read:
    """One file with what was read of it: `raw` is None where its hash was enough, or where it could not be read."""

    file: StoredFile
    sha256: str = ""
    raw: bytes | None = None
    trouble: str = ""
    retry: bool = False


def look(*, now: datetime, clock: Callable[[], float] = time.monotonic) -> int:
    """Look at what is due at every connection that allows it; returns how many files were dealt with."""
    done, end = 0, clock() + LOOK_SECONDS
    for name, reader in content_readers().items():
        if now < _quiet.get(name, NEVER):
            continue
        waiting = list(due(name, reader, now=now)[:LONGEST_LOOK])
        if not waiting:
            _quiet[name] = now + QUIET
            continue
        facts = tenant_facts()
        for some in _batches(waiting):
            fitting = _within(some, _room(name, reader.budget, now))
            if not fitting or clock() > end:
                break
            _deal_with(fitting, reader, facts, now)
            done += len(fitting)
    return done


def due(name: str, reader: ContentReader, *, now: datetime) -> QuerySet[StoredFile]:
    """Files that were never read as they are now, newest change first; those that failed wait for their time."""
    same = FileContent.objects.annotate(at=_moment("changed_at")).filter(
        source=name, key=OuterRef("key"), version=OuterRef("version"), size=OuterRef("size"), at=OuterRef("at")
    )
    settled = same.exclude(verdict="late") | same.filter(verdict="late", again_at__gt=now)
    files = StoredFile.objects.filter(source=name, folder=False, size__gt=0, size__lte=reader.most)
    return files.annotate(at=_moment("changed_at")).filter(~Exists(settled)).order_by("-at", "pk")


def _moment(field: str) -> Coalesce:
    return Coalesce(F(field), Value(NEVER), output_field=DateTimeField())


def _batches(files: Sequence[StoredFile]) -> Iterator[list[StoredFile]]:
    for at in range(0, len(files), TOGETHER):
        yield list(files[at : at + TOGETHER])


def _room(name: str, budget: int, now: datetime) -> int:
    """Bytes that may still be read of this connection in this minute."""
    began, spent = _spent.get(name, (NEVER, 0))
    if now - began >= PER_MINUTE:
        began, spent = now, 0
        _spent[name] = began, spent
    return budget - spent


def _within(files: Sequence[StoredFile], room: int) -> list[StoredFile]:
    """As many as fit; the first of a fresh minute always does, or a file larger than the budget would wait for ever."""
    taken: list[StoredFile] = []
    for one in files:
        room -= one.size
        if room < 0 and taken:
            break
        if room < 0 and not taken and _spent.get(one.source, (NEVER, 0))[1]:
            break
        taken.append(one)
    return taken


def _deal_with(files: Sequence[StoredFile], reader: ContentReader, facts: TenantFacts, now: datetime) -> None:
    read = [_read(file, reader, facts) for file in files]
    began, spent = _spent[files[0].source]
    _spent[files[0].source] = began, spent + sum(len(one.raw or b"") for one in read)
    findings = _findings(read, facts, now)
    with transaction.atomic():
        pairs = list(zip(read, findings, strict=True))
        found = [(one, finding) for one, finding in pairs if finding and finding.threat and not _told(one)]
        append(TABLE, [row_of(one.file, one.sha256, finding, at=now) for one, finding in found])
        for one, finding in pairs:
            _note(one, finding, now)


def _told(one: Read) -> bool:
    """Whether this content was found bad at this place before: a share that changes makes no second row."""
    bad = FileContent.objects.filter(source=one.file.source, key=one.file.key, verdict__in=BAD)
    return bad.filter(sha256=one.sha256).exists()


def _read(file: StoredFile, reader: ContentReader, facts: TenantFacts) -> Read:
    """Its bytes, unless its hash is known from the source and is bad: who stored the file may have claimed another's hash."""
    if file.sha256 and (((said := of_hash(file.sha256, facts)) and said.threat) or _seen(file.sha256)):
        return Read(file, file.sha256)
    try:
        raw = reader.read(FileRef(file.key, file.owner, file.path))
    except TooLarge as error:
        return Read(file, trouble=error.message)
    except WatchfloorError as error:
        return Read(file, trouble=error.message, retry=error.retry)
    return Read(file, hashlib.sha256(raw).hexdigest(), raw)


def _seen(sha256: str) -> FileContent | None:
    """Another file of the same content that was found to be malware; what is clean under one name need not be under another."""
    return FileContent.objects.filter(sha256=sha256, verdict=MALWARE.lower()).order_by("-looked_at").first()


def _findings(read: Sequence[Read], facts: TenantFacts, now: datetime) -> list[Finding | None]:
    """A finding for each that was read. The organisation's word comes first, then what mail and other files told, then the content."""
    by_mail = came_by_mail([one.sha256 for one in read if one.sha256], now=now)
    known: dict[str, Finding] = {}
    for one in read:
        if not one.sha256 or one.sha256 in known:
            continue
        before = _seen(one.sha256)
        said = of_hash(one.sha256, facts) or by_mail.get(one.sha256)
        said = said or (Finding.from_json(before.found) if before and before.found else None)
        if said is not None:
            known[one.sha256] = said
    fresh = {one.sha256: one for one in read if one.raw is not None and one.sha256 not in known}
    unread = [(one.file.name, one.sha256, one.raw or b"") for one in fresh.values()]
    if unread:
        known |= dict(zip(fresh, inspected(unread, now=now, facts=facts), strict=True))
    return [known.get(one.sha256) if one.sha256 else None for one in read]


def _note(one: Read, finding: Finding | None, now: datetime) -> None:
    file = one.file
    before = FileContent.objects.filter(source=file.source, key=file.key).first()
    same = before is not None and (before.version, before.changed_at, before.size) == (
        file.version,
        file.changed_at,
        file.size,
    )
    attempts = before.attempts + 1 if before is not None and same else 1
    late = finding is None and one.retry and attempts < TRIES
    verdict = "late" if late else "unread" if finding is None else finding.threat.lower() or "clean"
    words = one.trouble if finding is None else " ".join((finding.context, *finding.limits)).strip()
    FileContent.objects.update_or_create(
        source=file.source,
        key=file.key,
        defaults={
            "version": file.version,
            "changed_at": file.changed_at,
            "size": file.size,
            "sha256": one.sha256,
            "verdict": verdict,
            "found": finding.as_json() if finding else {},
            "words": words,
            "looked_at": now,
            "again_at": now + timedelta(minutes=2**attempts) if late else None,
            "attempts": attempts,
        },
    )
    if one.sha256 and not file.sha256:
        StoredFile.objects.filter(pk=file.pk).update(sha256=one.sha256)
