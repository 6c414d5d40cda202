"""The rule files there are: ours in content/yara, and the operator's folder."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from watchfloor.kernel.content import content_folder
from watchfloor.kernel.errors import NotConfigured

ENDINGS = frozenset({".yar", ".yara"})
MOST_BYTES = 64 << 20
MOST_FILES = 5_000
FRESH_SECONDS = 5.0
Sources = tuple[tuple[str, str], ...]
"""(name shown to people, text) of each file."""


@dataclass(slots=True)
class RuleFiles:
    """The files of these folders, each with the words it is shown under; read anew when one changed."""

    folders: tuple[tuple[str, Path], ...]
    _seen: tuple[object, ...] = ()
    _sources: Sources = ()
    _looked: float = field(default=float("-inf"))

    def sources(self, *, clock: Callable[[], float] = time.monotonic) -> Sources:
        """Every rule file; looked for at most every few seconds. Raises NotConfigured for a folder that cannot be read."""
        if clock() - self._looked < FRESH_SECONDS:
            return self._sources
        files = [(f"{words}/{path.relative_to(root)}", path) for words, root in self.folders for path in _files(root)]
        seen = tuple((path, _state(path)) for _, path in files)
        if seen != self._seen:
            self._sources = tuple((name, _text(path)) for name, path in files)
            self._seen = seen
        self._looked = clock()
        return self._sources


def folders_of(settings: dict[str, str]) -> tuple[tuple[str, Path], ...]:
    """The folders a connection's settings name."""
    folders = []
    if settings.get("shipped", "yes") == "yes":
        folders.append(("shipped", content_folder("yara")))
    if own := settings.get("folder", "").strip():
        folders.append((own.rstrip("/"), Path(own)))
    if not folders:
        raise NotConfigured("there are no rules: name a folder, or use the shipped ones")
    return tuple(folders)


def _files(root: Path) -> list[Path]:
    if not root.is_dir():
        raise NotConfigured(f"there is no folder {root}", place="folder")
    found: list[Path] = []
    for folder, _, names in os.walk(root):
        found += [Path(folder, name) for name in names if Path(name).suffix.lower() in ENDINGS]
        if len(found) > MOST_FILES:
            raise NotConfigured(f"{root} holds more than {MOST_FILES:,} rule files", place="folder")
    if sum(path.stat().st_size for path in found) > MOST_BYTES:
        raise NotConfigured(f"{root} holds more than {MOST_BYTES >> 20} MB of rules", place="folder")
    return sorted(found)


def _state(path: Path) -> tuple[int, int]:
    known = path.stat()
    return known.st_mtime_ns, known.st_size


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NotConfigured(f"{path} cannot be read: {error.strerror}", place="folder") from error
