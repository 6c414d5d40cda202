"""From paths to mails: what a path is, what of it is mail, and why the rest is refused."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from watchfloor.connectors.contracts import NewMail, Refused
from watchfloor.connectors.protocols.mail_bytes import MAX_BYTES, received_at, why_not_mail
from watchfloor.connectors.protocols.maildir_names import is_maildir
from watchfloor.connectors.systems.files.maildir import read_maildir
from watchfloor.connectors.systems.files.mbox import read_mbox
from watchfloor.connectors.systems.files.opening import NotTaken, opened

Found = NewMail | Refused
DEEPEST = 100
_EMLX = re.compile(rb"^\s*(\d+)\s*\r?\n")


def read_paths(paths: Iterable[Path], *, source: str = "import", now: datetime) -> Iterator[Found]:
    """Every mail below `paths` in a stable order, and everything that is refused with its place and reason.

    Links are refused, also among `paths`: who names a link themselves resolves it first.
    """
    for path in paths:
        yield from Walk(source, now, path.parent.resolve() / path.name).read(path)


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk below `root`; nothing that lies elsewhere is read."""

    source: str
    now: datetime
    root: Path

    def read(self, path: Path, *, depth: int = 0) -> Iterator[Found]:
        """All that `path` holds."""
        try:
            yield from self._read(path, path.lstat().st_mode, depth)
        except FileNotFoundError:
            yield Refused(str(path), "does not exist")
        except NotTaken as error:
            yield Refused(str(path), str(error))
        except OSError as error:
            yield Refused(str(path), f"cannot be read: {error.strerror or error}")

    def _read(self, path: Path, mode: int, depth: int) -> Iterator[Found]:
        if not stat.S_ISDIR(mode):
            with opened(path, below=self.root) as file:
                yield from self._read_file(path, file)
        elif depth > DEEPEST:
            yield Refused(str(path), f"lies more than {DEEPEST} folders deep")
        elif is_maildir(path):
            yield from read_maildir(path, self.source, root=self.root)
        else:
            for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
                yield from self.read(Path(entry.path), depth=depth + 1)

    def _read_file(self, path: Path, file: BinaryIO) -> Iterator[Found]:
        start = file.read(5)
        file.seek(0)
        if start == b"From ":
            yield from read_mbox(file, place=str(path), source=self.source, now=self.now)
        else:
            yield self._read_eml(path, file)

    def _read_eml(self, path: Path, file: BinaryIO) -> Found:
        """One mail in one file."""
        raw = file.read(MAX_BYTES + 1)
        if path.suffix.lower() == ".emlx" and (count := _EMLX.match(raw)):
            raw = raw[count.end() :][: int(count[1])]
        if why := why_not_mail(raw):
            return Refused(str(path), why)
        written = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
        return NewMail(raw, self.source, received_at(raw, now=self.now) or written, place=str(path))
