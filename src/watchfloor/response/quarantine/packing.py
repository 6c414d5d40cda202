"""The download of many held mails: one encrypted zip, written mail by mail, whole or not at all.

What a zip may hold without its later extension, which old unpackers do not read, is also a bound that a disk and a person
can bear; whoever chose more reads how much it is before anything is packed.
"""

import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from watchfloor.access.contracts import Actor
from watchfloor.access.services import record
from watchfloor.kernel.errors import BadInput, Conflict
from watchfloor.kernel.text import some
from watchfloor.mail.services import write_encrypted_zip
from watchfloor.response.freezing import in_chunks
from watchfloor.response.quarantine.content import eml_files
from watchfloor.response.quarantine.models import QuarantinedMail
from watchfloor.response.quarantine.page_models import QuarantineBulk
from watchfloor.runtime.services import unseal

MOST_BYTES = 3 << 30
MOST_FILES = 65_000
SPARE = 1 << 30
"""So much of the disk is left to everything else: the mail that comes in meanwhile is kept on it too."""
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Weight:
    """How many mails, how many bytes they have, and how many of the first of them one download takes."""

    mails: int
    size: int
    fit: int

    @property
    def words(self) -> str:
        return f"{some(self.mails, 'mail')} with {filesizeformat(self.size)}"


def folder() -> Path:
    """Where finished downloads lie for a day."""
    return Path(settings.HOME) / "quarantine-downloads"


def weighed(mails: Sequence[int]) -> Weight:
    """What these mails weigh as they came."""
    size = fit = 0
    for run in in_chunks(mails, size=AT_ONCE):
        sizes = dict(QuarantinedMail.objects.filter(pk__in=run).values_list("pk", "size"))
        for key in run:
            size += sizes.get(key, 0)
            fit += size <= MOST_BYTES and fit < MOST_FILES
    return Weight(len(mails), size, fit)


def check_weight(mails: Sequence[int]) -> Weight:
    """Raises BadInput with the figures when it is more than one download takes, or than the disk has room for."""
    found = weighed(mails)
    if found.fit < found.mails:
        raise BadInput(
            f"these are {found.words}; one download takes {MOST_FILES:,} mails and {filesizeformat(MOST_BYTES)} at most. "
            f"The first {found.fit:,} of them would fit: narrow the filters, by the time received for instance"
        )
    free = _room()
    if found.size > free - SPARE:
        raise BadInput(
            f"these are {found.words}, and the disk has {filesizeformat(max(0, free - SPARE))} to spare for downloads; "
            "choose fewer, or make room"
        )
    return found


def pack(job: QuarantineBulk, *, by: Actor) -> None:
    """All mails of the job into one file; a half-written one of a killed process is written anew.

    Raises BadInput when they turn out to weigh too much, Conflict when the disk is full; then nothing of it is left.
    """
    check_weight(job.mails)
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    half = folder() / f"{job.pk}.{secrets.token_hex(4)}.part"
    try:
        half.touch(mode=0o600)
        with half.open("wb") as target:
            job.changed = write_encrypted_zip(target, _files(job), password=unseal(job.secret))
        half.rename(folder() / f"{job.pk}.zip")
    except OSError as error:
        raise Conflict(
            f"the archive could not be written: {error.strerror or error}; make room and ask again"
        ) from None
    finally:
        half.unlink(missing_ok=True)
    job.file, job.done, job.refused = f"{job.pk}.zip", job.total, job.total - job.changed
    record(
        by=by,
        verb="quarantine.download",
        outcome="success",
        target_type="quarantine",
        target=f"{job.changed:,} messages",
        after={"job": str(job.pk), "files": job.changed, "which": job.sentence[:500]},
        reason=job.reason,
    )


def _files(job: QuarantineBulk) -> Iterator[tuple[str, bytes]]:
    """Each mail of the job in turn, one in memory at a time; the job says how far it is."""
    size = 0
    for done, run in enumerate(in_chunks(job.mails, size=AT_ONCE)):
        QuarantineBulk.objects.filter(pk=job.pk).update(state="running", done=done * AT_ONCE)
        for name, raw in eml_files(QuarantinedMail.objects.filter(pk__in=run)):
            size += len(raw)
            if size > MOST_BYTES:
                raise BadInput(f"these mails have more than {filesizeformat(MOST_BYTES)}; choose fewer")
            yield name, raw


def _room() -> int:
    """Free bytes where downloads lie."""
    where = folder()
    return shutil.disk_usage(where if where.exists() else where.parent).free


def tidy(*, now: datetime, keep: float) -> int:
    """Delete files that nobody has written to for `keep` seconds: what killed processes left; returns how many."""
    gone = 0
    for half in folder().glob("*.part"):
        if now.timestamp() - half.stat().st_mtime > keep:
            half.unlink(missing_ok=True)
            gone += 1
    return gone
