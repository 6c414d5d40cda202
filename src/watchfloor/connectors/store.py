"""The raw store: `$WATCHFLOOR_HOME/mail/aa/bb/<sha256>.eml`, written so that a file under its final name is whole and on disk.

A file is written beside its place, synced, renamed, and its folder synced. Many at once are synced together: on Linux with one
syncfs(2) before and one after the renames, which costs the same for one file and for a thousand.
"""

import ctypes
import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

MANY = 4
"""From this many files on, one syncfs is cheaper than a sync of each file and folder (measured on ext4 and overlayfs)."""

_syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
"""The C library's syncfs, None where it has none (then each file is synced by itself)."""


def sha256_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def path_of(root: Path, sha256: str) -> Path:
    """Where the mail of that hash lies below `root`."""
    return root / sha256[:2] / sha256[2:4] / f"{sha256}.eml"


def keep(root: Path, mails: Iterable[bytes]) -> list[str]:
    """Make every mail durable; returns their hashes in order. Raises OSError when the disk will not take them."""
    named = [(sha256_of(raw), raw) for raw in mails]
    wanted = dict(named)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    if len(wanted) < MANY or _syncfs is None:
        for sha256, raw in wanted.items():
            _keep_one(path_of(root, sha256), raw)
    else:
        _keep_many(root, wanted)
    return [sha256 for sha256, _ in named]


def remove(root: Path, sha256: str) -> bool:
    """Remove a mail; False when it was not there."""
    path = path_of(root, sha256)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    _sync_folder(path.parent)
    return True


def _keep_one(path: Path, raw: bytes) -> None:
    made = _make_folders(path.parent)
    if not path.exists():
        beside = _write_beside(path, raw, sync=True)
        beside.rename(path)
    # Also when the file was there: another process may have renamed it and not yet synced the folder.
    for folder in (path.parent, *made):
        _sync_folder(folder)


def _keep_many(root: Path, wanted: dict[str, bytes]) -> None:
    written: list[tuple[Path, Path]] = []
    for sha256, raw in wanted.items():
        path = path_of(root, sha256)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            written.append((_write_beside(path, raw, sync=False), path))
    _sync_file_system(root)
    for beside, path in written:
        beside.rename(path)
    _sync_file_system(root)


def _make_folders(folder: Path) -> list[Path]:
    """Create what is missing; returns the parents that got a new entry."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True, mode=0o700)
    return [one.parent for one in missing]


def _write_beside(path: Path, raw: bytes, *, sync: bool) -> Path:
    beside = path.with_name(f".{path.stem[:16]}.{secrets.token_hex(6)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(raw)
            file.flush()
            if sync:
                os.fsync(file.fileno())
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_file_system(folder: Path) -> None:
    """Flush the whole file system that holds `folder`; only where `_syncfs` exists."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _syncfs is None or _syncfs(handle) != 0:
            raise OSError(ctypes.get_errno(), "the file system could not be synced", str(folder))
    finally:
        os.close(handle)
