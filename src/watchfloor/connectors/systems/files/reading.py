"""From paths to mails: what a path is, what of it is mail, and why the rest is refused."""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from watchfloor.connectors.contracts import NewMail, Refused
from watchfloor.connectors.protocols.mail_bytes import MAX_BYTES, received_at, why_not_mail
from watchfloor.connectors.protocols.maildir_names import is_maildir
from watchfloor.connectors.systems.files.maildir import read_maildir
from watchfloor.connectors.systems.files.mbox import read_mbox

Found = NewMail | Refused
_EMLX = re.compile(rb"^\s*(\d+)\s*\r?\n")


def read_paths(paths: Iterable[Path], *, source: str = "import", now: datetime) -> Iterator[Found]:
    """Every mail below `paths` in a stable order, and everything that is refused with its place and reason."""
    for path in paths:
        yield from _read(Path(path), source, now)


def _read(path: Path, source: str, now: datetime) -> Iterator[Found]:
    try:
        if path.is_dir():
            yield from read_maildir(path, source) if is_maildir(path) else _read_folder(path, source, now)
        elif path.is_file():
            yield from _read_file(path, source, now)
        elif path.is_symlink() or path.exists():
            yield Refused(str(path), "neither a file nor a folder")
        else:
            yield Refused(str(path), "does not exist")
    except OSError as error:
        yield Refused(str(path), f"cannot be read: {error.strerror or error}")


def _read_folder(folder: Path, source: str, now: datetime) -> Iterator[Found]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir() and entry.is_symlink():
            yield Refused(entry.path, "a link to a folder; name that folder itself")
        else:
            yield from _read(Path(entry.path), source, now)


def _read_file(path: Path, source: str, now: datetime) -> Iterator[Found]:
    with path.open("rb") as file:
        start = file.read(5)
        if start == b"From ":
            file.seek(0)
            yield from read_mbox(file, place=str(path), source=source, now=now)
            return
    yield read_eml(path, source, now)


def read_eml(path: Path, source: str, now: datetime) -> Found:
    """One mail in one file."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        return Refused(str(path), f"larger than {MAX_BYTES // 2**20} MB")
    raw = path.read_bytes()
    if path.suffix.lower() == ".emlx" and (count := _EMLX.match(raw)):
        raw = raw[count.end() :][: int(count[1])]
    if why := why_not_mail(raw):
        return Refused(str(path), why)
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return NewMail(raw, source, received_at(raw, now=now) or written, place=str(path))
