"""Which of Defender's locations a server's folder is: by special use (RFC 6154) first, else by its name in many tongues."""

from collections.abc import Iterable
from dataclasses import dataclass

from watchfloor.connectors.contracts import Folder

_BY_USE = {"\\junk": Folder.JUNK, "\\trash": Folder.DELETED}

_JUNK = {"junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk mail", "spamverdacht", "courrier indésirable"}
_DELETED = {
    "trash",
    "deleted",
    "deleted items",
    "deleted messages",
    "bin",
    "papierkorb",
    "gelöschte elemente",
    "corbeille",
}


@dataclass(frozen=True, slots=True)
class FolderNames:
    """What the special folders are called; empty `junk` or `deleted` means: ask the server, then take the usual name."""

    recoverable: str = "Recoverable"
    junk: str = ""
    deleted: str = ""

    def location_of(self, path: str, attributes: Iterable[bytes | str] = ()) -> Folder:
        """Defender's word for the folder `path`."""
        for attribute in attributes:
            name = attribute.decode("ascii", "replace") if isinstance(attribute, bytes) else attribute
            if name.lower() in _BY_USE:
                return _BY_USE[name.lower()]
        if same_folder(path, self.recoverable):
            return Folder.RECOVERABLE
        leaf = path.replace("/", ".").rsplit(".", 1)[-1].lower()
        if leaf in _JUNK or (self.junk and same_folder(path, self.junk)):
            return Folder.JUNK
        if leaf in _DELETED or (self.deleted and same_folder(path, self.deleted)):
            return Folder.DELETED
        return Folder.INBOX

    def usual(self, folder: Folder) -> str:
        """The configured name of a destination, else the usual one; empty when the server should be asked first."""
        names = {
            Folder.INBOX: "INBOX",
            Folder.RECOVERABLE: self.recoverable,
            Folder.JUNK: self.junk,
            Folder.DELETED: self.deleted,
        }
        return names[folder]


def same_folder(one: str, other: str) -> bool:
    """Whether two names are one folder: INBOX ignores case, others do not (RFC 9051, 5.1)."""
    return one == other or (one.upper() == "INBOX" and other.upper() == "INBOX")
