"""Files with their owners and the rights on them, as connections list them."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from watchfloor.connectors.contracts import OwnedFile
from watchfloor.identities.models import FileShare, StoredFile

FIELDS = (
    *("provider", "name", "path", "url", "owner", "folder", "size", "sha256", "label"),
    *("created_at", "changed_at", "changed_by", "version", "seen_at"),
)
LENGTHS = {"name": 400, "owner": 320, "label": 100, "changed_by": 320, "sha256": 64, "provider": 40, "version": 100}
LONGEST_KEY = 400


def take_files(said: Iterable[OwnedFile], *, source: str, at: datetime) -> None:
    """Write these files with their shares; deleted ones go. Runs inside the caller's transaction."""
    last = {_kept_key(one.key): one for one in said}
    StoredFile.objects.filter(source=source, key__in=[key for key, one in last.items() if one.deleted]).delete()
    rows = StoredFile.objects.bulk_create(
        [_row(key, one, source=source, at=at) for key, one in last.items() if not one.deleted],
        500,
        update_conflicts=True,
        unique_fields=["source", "key"],
        update_fields=FIELDS,
    )
    _write_shares({row.pk: last[row.key] for row in rows})


def _kept_key(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _row(key: str, one: OwnedFile, *, source: str, at: datetime) -> StoredFile:
    values = {name: getattr(one, name) for name in FIELDS if name != "seen_at"}
    values |= {"owner": one.owner.lower(), "changed_by": one.changed_by.lower()}
    values |= {name: values[name][:length] for name, length in LENGTHS.items()}
    return StoredFile(source=source, key=key, seen_at=at, **values)


def _write_shares(files: dict[int, OwnedFile]) -> None:
    kept: dict[int, dict[tuple[object, ...], int]] = defaultdict(dict)
    for row in FileShare.objects.filter(file__in=list(files)):
        kept[row.file_id][row.whom, row.right, row.link, row.group, row.expires_at] = row.pk
    gone: list[int] = []
    new: list[FileShare] = []
    for pk, one in files.items():
        wanted = {(s.whom.lower()[:320], s.right[:20], s.link, s.group, s.expires_at) for s in one.shares}
        gone += [number for share, number in kept[pk].items() if share not in wanted]
        new += [
            FileShare(file_id=pk, whom=whom, right=right, link=link, group=group, expires_at=expires)
            for whom, right, link, group, expires in sorted(wanted - set(kept[pk]), key=str)
        ]
    FileShare.objects.filter(pk__in=gone).delete()
    FileShare.objects.bulk_create(new, 1000)
