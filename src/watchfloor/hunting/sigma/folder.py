"""The folder of rules that an operator named (setting `sigma_rules`): read when the worker starts, and when a file in it changes."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.hunting.models import SigmaEntry
from watchfloor.hunting.sigma.documents import read
from watchfloor.hunting.sigma.keeping import bring
from watchfloor.hunting.sigma.sources import SUFFIXES, File, from_paths
from watchfloor.kernel.errors import NotConfigured

OPERATOR = system_actor("folder of Sigma rules", Permission.DETECTION_TUNE)

_seen: dict[str, frozenset[tuple[str, int, int]]] = {}
"""What each folder held when this process read it: names, times, sizes."""


def bring_folder(*, now: datetime) -> int:
    """Keep what the folder holds; returns 0, as nothing waits. Rules that are new are off until somebody turns them on.

    A rule whose file is gone stays. Raises NotConfigured when the folder is not there.
    """
    named = str(settings.WATCHFLOOR.sigma_rules)
    if not named:
        return 0
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise NotConfigured(f"the folder of Sigma rules, {folder}, is not there; set sigma_rules", place="sigma_rules")
    stands = _stands(folder)
    if stands and stands != _seen.get(named):
        files = list(from_paths([folder]))
        if not _known(files):
            bring(files=files, source=str(folder), by=OPERATOR, now=now)
    _seen[named] = stands
    return 0


def _known(files: Sequence[File]) -> bool:
    """Whether every rule is kept as it stands there, so that a start alone is no import."""
    found = read(files).documents.values()
    kept = dict(SigmaEntry.objects.values_list("sigma_id", "text"))
    return bool(found) and all(kept.get(one.sigma_id) == one.text for one in found)


def _stands(folder: Path) -> frozenset[tuple[str, int, int]]:
    files = [file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and not file.is_symlink()]
    return frozenset((str(file), (told := file.stat()).st_mtime_ns, told.st_size) for file in files)
