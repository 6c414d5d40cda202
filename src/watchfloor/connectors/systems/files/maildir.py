"""Maildir and Maildir++ trees: flags and time from the file name, folder from its place."""

from collections.abc import Iterator
from pathlib import Path

from watchfloor.connectors.contracts import NewMail, Refused
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.protocols.mail_bytes import MAX_BYTES, why_not_mail
from watchfloor.connectors.protocols.maildir_names import delivered_at, flags_of, folders_of
from watchfloor.connectors.systems.files.opening import NotTaken, opened, why_not_taken


def read_maildir(top: Path, source: str, *, root: Path) -> Iterator[NewMail | Refused]:
    """Every mail of the Maildir and of the folders below it; nothing that lies outside `root`."""
    for path, folder in folders_of(top).items():
        parts = (folder, folder / "cur", folder / "new")
        links = [part for part in parts if why_not_taken(_mode(part))]
        yield from (Refused(str(part), why_not_taken(_mode(part))) for part in links)
        if folder in links:
            continue
        for part in parts[1:]:
            if part not in links and part.is_dir():
                for file in sorted(part.iterdir()):
                    yield _read(file, path, source, root)


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0


def _read(file: Path, path: str, source: str, root: Path) -> NewMail | Refused:
    try:
        with opened(file, below=root) as content:
            raw = content.read(MAX_BYTES + 1)
        moment = delivered_at(file)
    except NotTaken as error:
        return Refused(str(file), str(error))
    except OSError as error:
        return Refused(str(file), f"cannot be read: {error.strerror or error}")
    if why := why_not_mail(raw):
        return Refused(str(file), why)
    facts = {"path": path, "flags": list(flags_of(file.name))}
    return NewMail(raw, source, moment, folder=str(FolderNames().location_of(path)), facts=facts, place=str(file))
