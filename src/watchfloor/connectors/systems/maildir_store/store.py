"""One person's Maildir: its copies of a message, and renames that move them. A rename is atomic, so a crash leaves one copy."""

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from watchfloor.connectors.contracts import Folder, Located
from watchfloor.connectors.folders import FolderNames, same_folder
from watchfloor.connectors.protocols.imap_mailbox import same_id
from watchfloor.connectors.protocols.mail_bytes import header_values
from watchfloor.connectors.protocols.maildir_names import base_of, delivered_at, flags_of, folders_of, named

HEADER_BYTES = 64 * 2**10
UIDVALIDITY = 1


def uid_of(name: str) -> int:
    """A number for a file that survives changes of its flags and folder, as its unique part does."""
    return int.from_bytes(hashlib.sha256(base_of(name).encode()).digest()[:6], "big") or 1


@dataclass(frozen=True, slots=True)
class Maildir:
    """`mailbox`'s Maildir at `root`. Raises OSError when the file system refuses."""

    mailbox: str
    root: Path
    names: FolderNames

    def find(self, message_ids: Sequence[str]) -> Iterator[Located]:
        """Every copy of the Message-IDs in every folder."""
        for path, folder in folders_of(self.root).items():
            for file in _files(folder):
                try:
                    yield from self._matching(path, file, message_ids)
                except FileNotFoundError:  # its owner's program renamed it meanwhile; the new name comes with a retry
                    continue

    def _matching(self, path: str, file: Path, message_ids: Sequence[str]) -> Iterator[Located]:
        with file.open("rb") as opened:
            head = opened.read(HEADER_BYTES)
        own = (*header_values(head, b"message-id"), "")[0].strip()
        for message_id in message_ids:
            if same_id(own, message_id):
                yield self._located(path, file, message_id)

    def _located(self, path: str, file: Path, message_id: str) -> Located:
        return Located(
            self.mailbox,
            path,
            uid_of(file.name),
            UIDVALIDITY,
            message_id,
            flags_of(file.name),
            delivered_at(file),
            self.names.location_of(path),
        )

    def file_of(self, copy: Located) -> Path | None:
        """Where the copy lies now; None when it is no longer in its folder."""
        folder = folders_of(self.root).get(copy.path)
        return next((file for file in _files(folder) if uid_of(file.name) == copy.uid), None) if folder else None

    def destination(self, to: Folder) -> str:
        """The folder name for a location: as configured, else the one that is there, else the usual one."""
        usual = self.names.usual(to)
        if usual:
            return usual
        there = (path for path in folders_of(self.root) if self.names.location_of(path) is to)
        return next(there, "Junk" if to is Folder.JUNK else "Trash")

    def move(self, copy: Located, path: str, *, flags: Sequence[str] | None = None) -> Located | None:
        """Rename into the folder `path`, made when missing; returns the copy there, None when it had gone meanwhile."""
        for _ in range(2):
            file = self.file_of(copy)
            if file is None:
                return None
            folder = self._folder(path)
            part = file.parent.name if flags is None else "cur"
            aim = folder / part / (file.name if flags is None else named(file.name, flags))
            try:
                file.rename(aim)
            except FileNotFoundError:
                continue
            for changed in {file.parent, aim.parent}:
                _sync(changed)
            return self._located(path, aim, copy.message_id)
        return None

    def read(self, copy: Located) -> bytes:
        """The copy's bytes, b"" when it had gone meanwhile."""
        for _ in range(2):
            file = self.file_of(copy)
            if file is None:
                return b""
            with suppress(FileNotFoundError):
                return file.read_bytes()
        return b""

    def put(self, before: Located, raw: bytes) -> Located:
        """Store a mail in the folder `before.path`, made when missing, with the flags and date of before; whole or not at all."""
        folder = self._folder(before.path)
        at = before.internal_date or datetime.now(UTC)
        name = f"{int(at.timestamp())}.{secrets.token_hex(8)}.watchfloor"
        beside = folder / "tmp" / name
        with beside.open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.utime(beside, (at.timestamp(), at.timestamp()))
        if os.geteuid() == 0:
            owner = self.root.stat()
            os.chown(beside, owner.st_uid, owner.st_gid)
        aim = folder / "cur" / named(name, before.flags)
        beside.rename(aim)
        _sync(aim.parent)
        return self._located(before.path, aim, before.message_id)

    def erase(self, copy: Located) -> bool:
        """Remove the file; False when it had gone meanwhile."""
        for _ in range(2):
            file = self.file_of(copy)
            if file is None:
                return False
            try:
                file.unlink()
            except FileNotFoundError:
                continue
            _sync(file.parent)
            return True
        return False

    def _folder(self, path: str) -> Path:
        known = {name: folder for name, folder in folders_of(self.root).items() if same_folder(name, path)}
        folder = next(iter(known.values()), self.root / f".{path}")
        if folder.parent not in {self.root, self.root.parent} or "/" in path:
            raise OSError(f"“{path}” is no Maildir folder name")
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        if folder != self.root:
            (folder / "maildirfolder").touch()
            _own_like(self.root, folder)
        return folder


def _files(folder: Path) -> list[Path]:
    """The mails of a folder, by name."""
    return sorted(
        Path(entry.path) for part in ("cur", "new") if (folder / part).is_dir() for entry in os.scandir(folder / part)
    )


def _own_like(root: Path, folder: Path) -> None:
    """A folder made by root belongs to whom the Maildir belongs."""
    owner = root.stat()
    if os.geteuid() == 0 and folder.stat().st_uid != owner.st_uid:
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
