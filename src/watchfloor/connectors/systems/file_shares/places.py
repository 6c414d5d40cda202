"""Where a scan looks, and how what it finds is named: keys that fit the tables, paths that can be shown."""

import fnmatch
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from watchfloor.kernel.errors import BadInput, NotConfigured

LONGEST_KEY, HASHED = 400, "sha256:"
USUAL_OMISSIONS = ".snapshot; lost+found; .Trash-*; .recycle"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder to scan. `shown` and `address` stand in its place in paths and links; `domain` is put behind login names."""

    root: str
    shown: str = ""
    address: str = ""
    domain: str = ""
    omitted: tuple[str, ...] = ()
    most: int = 1_000_000
    same_disk: bool = True

    def omits(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.omitted)

    def path(self, below: str) -> str:
        """How people see it."""
        return (self.shown or self.root).rstrip("/") + "/" + readable(below)

    def url(self, below: str) -> str:
        return f"{self.address.rstrip('/')}/{quote(os.fsencode(below))}" if self.address else ""

    def person(self, name: str) -> str:
        """A login name as the directory knows it; one that names its domain already stays."""
        return f"{name}@{self.domain}" if self.domain and "@" not in name and "\\" not in name else name


def place_of(settings: dict[str, str]) -> Place:
    """The place of a connection. Raises BadInput or NotConfigured when there is no such folder."""
    folder = settings["folder"].strip()
    if not os.path.isabs(folder):
        raise BadInput("name the folder from the root on, as /srv/files", place="folder")
    try:
        root = str(Path(folder).resolve(strict=True))
    except (OSError, RuntimeError) as error:
        raise NotConfigured(f"there is no such folder here: {error}", place=folder) from error
    if not os.path.isdir(root):
        raise NotConfigured("this is no folder", place=folder)
    omitted = settings.get("omit", USUAL_OMISSIONS)
    return Place(
        root=root,
        shown=settings.get("shown", "").strip(),
        address=settings.get("address", "").strip(),
        domain=settings.get("domain", "").strip().lower(),
        omitted=tuple(part.strip() for part in omitted.split(";") if part.strip()),
        most=max(int(settings.get("most") or 1_000_000), 1),
        same_disk=settings.get("same_disk") != "no",
    )


def readable(path: str) -> str:
    """A path that can be stored and shown: bytes that are no UTF-8 become the replacement character."""
    return os.fsencode(path).decode("utf-8", "replace")


def escaped(path: str) -> str:
    """A path as text that can be stored and turned back: % before each byte that is no UTF-8."""
    return "".join(
        f"%{ord(one) - 0xDC00:02X}" if "\udc80" <= one <= "\udcff" else one for one in path.replace("%", "%25")
    )


def unescaped(text: str) -> str:
    """The path that `escaped` made this text of."""
    raw = re.sub(rb"%([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())
    return os.fsdecode(raw)


def key_of(text: str) -> str:
    """What an escaped path is known by: itself, or a hash where it is too long for the tables."""
    return text if len(text) <= LONGEST_KEY else HASHED + hashlib.sha256(text.encode()).hexdigest()


def below_of(key: str) -> str:
    """The path below the root that a key stands for. Raises BadInput for a hashed one, which does not tell it."""
    if key.startswith(HASHED):
        raise BadInput("the path of this file is too long to be found again by its key", place=key)
    return unescaped(key)
