"""Maildir and Maildir++ trees: flags and time from the file name, folder from its place."""

from collections.abc import Iterator
from pathlib import Path

from watchfloor.connectors.contracts import NewMail, Refused
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.protocols.mail_bytes import MAX_BYTES, why_not_mail
from watchfloor.connectors.protocols.maildir_names import delivered_at, flags_of, folders_of


def read_maildir(root: Path, source: str) -> Iterator[NewMail | Refused]:
    """Every mail of the Maildir and of the folders below it."""
    for path, folder in folders_of(root).items():
        for part in ("cur", "new"):
            if (folder / part).is_dir():
                for file in sorted((folder / part).iterdir()):
                    yield _read(file, path, source)


def _read(file: Path, path: str, source: str) -> NewMail | Refused:
    try:
        if file.stat().st_size > MAX_BYTES:
            return Refused(str(file), f"larger than {MAX_BYTES // 2**20} MB")
        raw = file.read_bytes()
        moment = delivered_at(file)
    except OSError as error:
        return Refused(str(file), f"cannot be read: {error.strerror or error}")
    if why := why_not_mail(raw):
        return Refused(str(file), why)
    facts = {"path": path, "flags": list(flags_of(file.name))}
    return NewMail(raw, source, moment, folder=str(FolderNames().location_of(path)), facts=facts, place=str(file))
